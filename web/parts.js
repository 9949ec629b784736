// The parts of the program: `cargo xtask build` puts this behind the bindings of the first module, and their addresses
// in. It works in a worker as in a page.
const pieces = (() => {
  const files = __PARTS__;
  const names = Object.keys(files);
  // Parts that come with another one.
  const beside = __WITH__;
  const there = new Set();
  const coming = new Map();
  let begin;
  let exports;
  const first = new Promise((done) => { begin = done; });
  const address = (name) => new URL(files[name], import.meta.url);
  const put = (name, module) => {
    if (there.has(name)) return;
    new WebAssembly.Instance(module, { netsplit: exports });
    there.add(name);
  };
  const compiled = async (name) => {
    const response = await fetch(address(name));
    if (!response.ok) throw new Error(`${response.status} for ${response.url}`);
    return response.headers.get('Content-Type') === 'application/wasm' && WebAssembly.compileStreaming
      ? WebAssembly.compileStreaming(response)
      : WebAssembly.compile(await response.arrayBuffer());
  };
  const ready = (name) => !(name in files) || there.has(name);
  const load = (name) => {
    if (ready(name)) return Promise.resolve(true);
    if (!coming.has(name)) {
      const other = name in beside ? load(beside[name]) : true;
      const part = Promise.all([compiled(name), first, other]).then(([module]) => { put(name, module); return true; });
      part.catch(() => coming.delete(name));
      coming.set(name, part);
    }
    return coming.get(name);
  };
  // The last resort: somebody called what nobody had brought.
  const need = (at) => {
    const name = names[at];
    if (there.has(name)) return;
    console.warn(`netsplit: part ${name} was needed before it was brought`);
    const request = new XMLHttpRequest();
    request.open('GET', address(name), false);
    request.overrideMimeType('text/plain; charset=x-user-defined');
    request.send();
    if (request.status !== 200) throw new Error(`${request.status} for ${address(name)}`);
    const bytes = Uint8Array.from(request.responseText, (letter) => letter.charCodeAt(0) & 0xff);
    put(name, new WebAssembly.Module(bytes));
  };
  globalThis.netsplitParts = { has: (name) => name in files, ready, load };
  return {
    imports: (known) => ({ ...known, netsplit: { need } }),
    begin: (instance) => { exports = instance.exports; begin(); },
  };
})();
