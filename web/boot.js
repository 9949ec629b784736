// Starts the program, or says why it did not start. `cargo xtask build` puts the version in and this file
// into dist/; Trunk brings a loader of its own.
const script = new URL('./netsplit-web.js?v=__VERSION__', import.meta.url);
const wasm = new URL('./netsplit-web_bg.wasm?v=__VERSION__', import.meta.url);

// A sweep's workers.
const worker = new URL('./worker.js?v=__VERSION__', import.meta.url);
const gallery = new URL('./gallery.txt?v=__VERSION__', import.meta.url);

// Workers run the same file: this says where it is, and where the gallery is.
globalThis.netsplitProgram = { script: script.href, wasm: wasm.href, gallery: gallery.href, worker: worker.href };

const fail = (error) => {
  console.error(error);
  const note = document.createElement('p');
  note.className = 'boot-note boot-failed';
  note.setAttribute('role', 'alert');
  const reason = error instanceof Error ? error.message : String(error);
  note.textContent = typeof WebAssembly === 'object'
    ? `netsplit could not be started: ${reason}. Reloading the page may help.`
    : 'netsplit needs WebAssembly, and this browser has none or does not allow it here.';
  (document.querySelector('.boot-stage') ?? document.getElementById('app') ?? document.body).replaceChildren(note);
};

const known = () => {
  try {
    return localStorage.getItem('netsplit-known') !== null;
  } catch {
    // A sandboxed frame has no storage.
    return false;
  }
};

try {
  const { default: start } = await import(script.href);
  // What this address needs besides the first module is fetched at the same time; the program asks for the rest.
  const bring = (part) => globalThis.netsplitParts?.load(part).catch(() => {});
  if (known() || location.search || location.hash) ['panels', 'share'].forEach(bring);
  if (known() && !location.search && !location.hash) bring('raft');
  await start({ module_or_path: wasm });
} catch (error) {
  fail(error);
}
