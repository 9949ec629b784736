// A worker of a sweep: the same program as the page's, without a page. The first message says where its script is and
// brings its WebAssembly, compiled already; what comes after it is for the program.
addEventListener('message', async ({ data }) => {
  try {
    const { default: start } = await import(data.script);
    await start({ module_or_path: data.module });
  } catch (error) {
    postMessage(`trouble ${error}`);
  }
}, { once: true });
