// node wasm.mjs MODULE ENGINE: reads lines "WORKLOAD EVENTS", answers each with the processor-seconds it took.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [path, engine] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(path));
// Only wasm-bindgen's generator would call these.
const imports = {};
for (const { module: from, name } of WebAssembly.Module.imports(module)) {
  imports[from] = { ...imports[from], [name]: () => {} };
}
const { exports } = new WebAssembly.Instance(module, imports);
// wasm-bindgen adds a hash to the name.
const advance = exports[Object.keys(exports).find((name) => name.startsWith("advance"))];

for await (const line of createInterface({ input: process.stdin })) {
  const [workload, events] = line.split(" ").map(Number);
  const before = process.cpuUsage();
  advance(Number(engine), workload, events);
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / 1e6);
}
