// Preloaded by the npm scripts. npm brings the right Node where it can (see optionalDependencies); elsewhere
// the host's own is used, and an old one would fail with a riddle instead of this sentence.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Parley needs Node 22.18 or newer; this is ${process.version}. ` +
      'On Linux and Windows (x64) `npm ci` brings one along unless optional packages are left out; ' +
      'elsewhere install it from nodejs.org.',
  );
  process.exit(1);
}
