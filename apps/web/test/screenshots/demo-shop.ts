import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A plain page of another site with the embedded chat. */
export async function startDemoShop(server: string, key: string) {
  const shop = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(pageOf(server, key));
  });
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://shop.localhost:${(shop.address() as AddressInfo).port}/`,
    async stop() {
      shop.closeAllConnections();
      await new Promise((resolve) => shop.close(resolve));
    },
  };
}

const pageOf = (server: string, key: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Plants</title>
<style>
  :root { color-scheme: light dark; font: 17px/1.6 Georgia, serif }
  body { margin: 0; background: light-dark(#f6f3ec, #191b18); color: light-dark(#26302a, #d9ddd4) }
  header, main { max-width: 980px; margin: auto; padding: 28px 32px }
  header { display: flex; justify-content: space-between }
  h1 { font-size: 44px; line-height: 1.1; font-weight: 400; max-width: 12em }
  ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr)); gap: 20px; padding: 0; list-style: none }
  li { padding: 150px 18px 16px; border-radius: 10px; background: light-dark(#e3e4d6, #262b25) }
</style>
<header><b>Plants</b><span>Shop &nbsp; Care &nbsp; Delivery</span></header>
<main><h1>Green things for dark rooms</h1><p>They need little light, and less water.</p>
<ul><li>Snake plant</li><li>Cast-iron plant</li><li>Peace lily</li><li>Pothos</li></ul></main>
<script src="${server}/embed.js" data-key="${key}" data-title="Ask us" async></script>
</html>`;
