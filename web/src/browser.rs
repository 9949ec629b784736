//! What the page asks of the browser.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{
    CanvasRenderingContext2d, Document, Element, HtmlCanvasElement, HtmlElement, ResizeObserver,
    ScrollIntoViewOptions, ScrollLogicalPosition, Window,
};

/// The window.
pub fn window() -> Window {
    web_sys::window().expect("a page has a window")
}

/// The document.
pub fn document() -> Document {
    window().document().expect("a window has a document")
}

thread_local! {
    static CLOCK: Option<web_sys::Performance> = window().performance();
}

/// Wall time in milliseconds.
pub fn wall() -> f64 {
    CLOCK.with(|clock| clock.as_ref().map_or(0.0, web_sys::Performance::now))
}

/// A media query's answer.
pub fn matches(query: &str) -> bool {
    window().match_media(query).ok().flatten().is_some_and(|list| list.matches())
}

/// `#…` of the address.
pub fn hash() -> String {
    window().location().hash().unwrap_or_default()
}

/// `?…` of the address.
pub fn search() -> String {
    window().location().search().unwrap_or_default()
}

/// The address without `?…` and `#…`.
pub fn base() -> String {
    let location = window().location();
    let href = location.href().unwrap_or_default();
    href.split(['#', '?']).next().unwrap_or_default().to_owned()
}

/// Puts a fragment (or a query) into the address without a new entry in the history.
pub fn replace_hash(hash: &str) {
    let there = format!("{}{hash}", base());
    if let Ok(history) = window().history() {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&there));
    }
}

/// Puts a scenario of the gallery into the address, or none, without a new entry in the history.
pub fn set_scenario(id: &str) {
    replace_hash(&if id.is_empty() { String::new() } else { format!("?scenario={id}") });
}

/// Marks a field that somebody is typing into.
pub const TYPING: &str = "data-typing";

/// What somebody is typing into the field of this id.
pub fn typing(id: &str) -> Option<String> {
    let field: web_sys::HtmlInputElement = document().active_element()?.dyn_into().ok()?;
    let is = field.has_attribute(TYPING) && field.get_attribute("data-field").as_deref() == Some(id);
    is.then(|| field.value())
}

/// Says something once to whoever does not see it, when there is time.
pub fn announce(words: &str) {
    if let Some(region) = document().get_element_by_id("said") {
        region.set_text_content(Some(words));
    }
}

/// How much of an element's lower end another one lies over (px).
pub fn covered(by: &str, what: &str) -> f64 {
    let rect = |which: &str| {
        let found = document().query_selector(which).ok().flatten()?;
        Some(found.get_bounding_client_rect()).filter(|rect| rect.height() > 0.0)
    };
    let lies = rect(by).zip(rect(what)).map_or(0.0, |(by, what)| what.bottom() - by.top());
    lies.max(0.0)
}

/// What the browser's tab says.
pub fn set_title(title: &str) {
    let name = "netsplit";
    document().set_title(&if title.is_empty() { name.to_owned() } else { format!("{title} · {name}") });
}

/// The theme: light or not; nothing where the system decides.
pub fn set_theme(light: Option<bool>) {
    let Some(root) = document().document_element() else { return };
    let _ = match light {
        Some(light) => root.set_attribute("data-theme", if light { "light" } else { "dark" }),
        None => root.remove_attribute("data-theme"),
    };
}

/// Keeps something for the next visit. A sandboxed frame has no storage; then it lasts as long as the page.
pub fn store(name: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(name, value);
    }
}

/// What an earlier visit kept.
pub fn stored(name: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(name).ok().flatten()
}

/// Reads a custom property of the root.
pub fn property(name: &str) -> String {
    let Some(root) = document().document_element() else { return String::new() };
    let style = window().get_computed_style(&root).ok().flatten();
    style.and_then(|style| style.get_property_value(name).ok()).unwrap_or_default()
}

/// Reads a colour. Where the system chooses the colours, a property holds only a colour's name: an element that wears
/// it says what it is.
pub fn colour(name: &str) -> String {
    let value = property(name);
    let Some(root) = document().document_element() else { return value };
    if value.starts_with('#') || name.starts_with("--font") {
        return value;
    }
    style(&root, "background-color", &value);
    let worn = property("background-color");
    style(&root, "background-color", "");
    worn
}

/// Hears whether the page can be seen where it is embedded, for as long as the page lives.
pub fn watch_root(mut each: impl FnMut(bool) + 'static) {
    let heard: Closure<dyn FnMut(js_sys::Array)> = Closure::new(move |entries: js_sys::Array| {
        let last: web_sys::IntersectionObserverEntry = entries.pop().unchecked_into();
        each(last.is_intersecting());
    });
    if let (Ok(observer), Some(root)) =
        (web_sys::IntersectionObserver::new(heard.as_ref().unchecked_ref()), document().document_element())
    {
        observer.observe(&root);
    }
    heard.forget();
}

/// Gives the focus to the first element that a selector finds.
pub fn focus(selector: &str) -> bool {
    let found = document().query_selector(selector).ok().flatten();
    found.is_some_and(|found| found.unchecked_into::<HtmlElement>().focus().is_ok())
}

/// What has the focus; nothing where that is the page as a whole.
pub fn focused() -> Option<Element> {
    document().active_element().filter(|element| element.tag_name() != "BODY")
}

/// Scrolls the element with this id to where it is seen.
pub fn reveal(id: &str) {
    if let Some(element) = document().get_element_by_id(id) {
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Whether an element is such a one or lies in one.
pub fn inside(element: &Element, selector: &str) -> bool {
    element.closest(selector).ok().flatten().is_some()
}

/// Width and height of what is seen of the page (px).
pub fn viewport() -> (f64, f64) {
    let root = document().document_element();
    root.as_ref().map_or((0.0, 0.0), size)
}

/// Sets a property of an element's style (no inline style attribute: the page's policy forbids it).
pub fn style(element: &Element, name: &str, value: &str) {
    if let Some(element) = element.dyn_ref::<HtmlElement>() {
        let _ = element.style().set_property(name, value);
    }
}

/// Elements say in `data-css` what their style is to be ("left:12px;width:3px"); this does it.
pub fn apply_css(root: &Element) {
    let Ok(list) = root.query_selector_all("[data-css]") else { return };
    for at in 0..list.length() {
        let Some(element) = list.get(at).and_then(|node| node.dyn_into::<HtmlElement>().ok()) else {
            continue;
        };
        let wanted = element.get_attribute("data-css").unwrap_or_default();
        for part in wanted.split(';') {
            if let Some((name, value)) = part.split_once(':') {
                let _ = element.style().set_property(name, value);
            }
        }
    }
}

/// A size in CSS pixels.
pub fn size(element: &Element) -> (f64, f64) {
    (f64::from(element.client_width()), f64::from(element.client_height()))
}

/// Device pixels for a CSS pixel.
pub fn ratio() -> f64 {
    window().device_pixel_ratio().clamp(1.0, 3.0)
}

/// Makes a canvas so large (CSS pixels); gives its context, scaled to CSS pixels.
pub fn fit(
    canvas: &HtmlCanvasElement,
    (width, height): (f64, f64),
    ratio: f64,
) -> Option<CanvasRenderingContext2d> {
    let (w, h) = ((width * ratio).round() as u32, (height * ratio).round() as u32);
    if canvas.width() != w || canvas.height() != h {
        canvas.set_width(w);
        canvas.set_height(h);
    }
    let context = canvas.get_context("2d").ok().flatten()?.dyn_into::<CanvasRenderingContext2d>().ok()?;
    let _ = context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
    Some(context)
}

/// A canvas of the page with its context, which is asked for only where it is another canvas or has another size: sixty
/// times a second that would cost more than much of what is drawn.
#[derive(Default)]
pub struct Surface(Option<Held>);

struct Held {
    node: web_sys::Node,
    size: (f64, f64),
    ratio: f64,
    context: CanvasRenderingContext2d,
}

impl Surface {
    /// The context of what is there now, as [`fit`] gives it; and whether the canvas is empty for having been fitted.
    pub fn fit(
        &mut self,
        at: &yew::NodeRef,
        size: (f64, f64),
        ratio: f64,
    ) -> Option<(&CanvasRenderingContext2d, bool)> {
        let node = at.get().filter(|_| size.0 > 2.0 && size.1 > 2.0)?;
        let same =
            |held: &Held| held.node == node && held.size == size && held.ratio.to_bits() == ratio.to_bits();
        let fresh = !self.0.as_ref().is_some_and(same);
        if fresh {
            let context = fit(node.dyn_ref()?, size, ratio)?;
            self.0 = Some(Held { node, size, ratio, context });
        }
        self.0.as_ref().map(|held| (&held.context, fresh))
    }
}

/// Notices that elements got another size. Asking them for it each time would make the browser lay out the page.
pub struct Sizes {
    observer: Option<ResizeObserver>,
    changed: Rc<Cell<bool>>,
    _closure: Closure<dyn FnMut()>,
}

impl Sizes {
    /// Watches nothing yet.
    pub fn new() -> Self {
        let changed = Rc::new(Cell::new(true));
        let own = changed.clone();
        let closure: Closure<dyn FnMut()> = Closure::new(move || own.set(true));
        let observer = ResizeObserver::new(closure.as_ref().unchecked_ref()).ok();
        Self { observer, changed, _closure: closure }
    }

    /// Watches this element as well.
    pub fn watch(&self, element: &Element) {
        if let Some(observer) = &self.observer {
            observer.observe(element);
        }
    }

    /// Whether one changed since the last time that this was asked.
    pub fn changed(&self) -> bool {
        self.changed.take()
    }
}

impl Default for Sizes {
    fn default() -> Self {
        Self::new()
    }
}

/// Takes the whole screen, or gives it back; where that is not allowed, nothing happens.
pub fn full_screen(full: bool) {
    let document = document();
    match document.document_element().filter(|_| full) {
        Some(root) => drop(root.request_fullscreen()),
        None if is_full_screen() => document.exit_fullscreen(),
        None => {}
    }
}

/// Whether the page has the whole screen.
pub fn is_full_screen() -> bool {
    document().fullscreen_element().is_some()
}

/// Copies text; `done` hears whether it worked.
pub fn copy(text: &str, done: impl FnOnce(bool) + 'static) {
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into());
    if clipboard.is_ok_and(|value| value.is_undefined()) {
        return done(false);
    }
    let promise = window().navigator().clipboard().write_text(text);
    after(promise.as_ref(), move |value| done(value.is_some()));
}

/// Hands a text to the person as a file; false where that is not possible.
pub fn download(text: &str, name: &str, media: &str) -> bool {
    let parts = js_sys::Array::of1(&text.into());
    let kind = web_sys::BlobPropertyBag::new();
    kind.set_type(media);
    let Ok(blob) = web_sys::Blob::new_with_str_sequence_and_options(&parts, &kind) else { return false };
    save(&blob, name)
}

/// Hands canvases, one over the other on this ground, to the person as a picture; false where that is not possible.
pub fn download_picture(layers: &[HtmlCanvasElement], ground: &str, name: &'static str) -> bool {
    let made =
        document().create_element("canvas").ok().and_then(|made| made.dyn_into::<HtmlCanvasElement>().ok());
    let (Some(whole), Some(first)) = (made, layers.first()) else { return false };
    let (width, height) = (f64::from(first.width()), f64::from(first.height()));
    let Some(on) = fit(&whole, (width, height), 1.0).filter(|_| width * height > 0.0) else { return false };
    on.set_fill_style_str(ground);
    on.fill_rect(0.0, 0.0, width, height);
    for layer in layers {
        if on.draw_image_with_html_canvas_element(layer, 0.0, 0.0).is_err() {
            return false;
        }
    }
    let done = Closure::once_into_js(move |blob: JsValue| {
        if let Ok(blob) = blob.dyn_into::<web_sys::Blob>() {
            save(&blob, name);
        }
    });
    whole.to_blob(done.unchecked_ref()).is_ok()
}

/// Hands data to the person as a file; false where that is not possible.
fn save(blob: &web_sys::Blob, name: &str) -> bool {
    let Ok(address) = web_sys::Url::create_object_url_with_blob(blob) else { return false };
    let link = document().create_element("a").ok().and_then(|link| link.dyn_into::<HtmlElement>().ok());
    if let Some(link) = &link {
        let _ = link.set_attribute("href", &address);
        let _ = link.set_attribute("download", name);
        link.click();
    }
    let _ = web_sys::Url::revoke_object_url(&address);
    link.is_some()
}

/// Says in place of "Loading" why the program did not start.
pub fn not_started(reason: &str) {
    if let Ok(Some(note)) = document().query_selector(".boot-note") {
        note.set_text_content(Some(&format!(
            "netsplit could not be started: {reason}. Reloading the page may help."
        )));
    }
}

/// Calls back when a promise is settled, with its value if it was kept.
pub fn after(promise: &JsValue, done: impl FnOnce(Option<JsValue>) + 'static) {
    let done: Rc<RefCell<Option<Box<dyn FnOnce(Option<JsValue>)>>>> =
        Rc::new(RefCell::new(Some(Box::new(done))));
    let other = done.clone();
    let take = |done: &RefCell<Option<Box<dyn FnOnce(Option<JsValue>)>>>| done.borrow_mut().take();
    let yes = Closure::once_into_js(move |value: JsValue| {
        if let Some(done) = take(&done) {
            done(Some(value));
        }
    });
    let no = Closure::once_into_js(move |_: JsValue| {
        if let Some(done) = take(&other) {
            done(None);
        }
    });
    let then: Result<js_sys::Function, _> =
        js_sys::Reflect::get(promise, &"then".into()).and_then(|then| then.dyn_into());
    if let Ok(then) = then {
        let _ = then.call2(promise, &yes, &no);
    }
}

/// The address of a part of the program: the loader says where it is (`netsplitProgram`), else it has this name.
pub fn program(what: &str, name: &str) -> String {
    let known = js_sys::Reflect::get(&js_sys::global(), &"netsplitProgram".into())
        .and_then(|program| js_sys::Reflect::get(&program, &what.into()));
    known.ok().and_then(|known| known.as_string()).unwrap_or_else(|| name.to_owned())
}

/// An address with all that it is relative to.
pub fn absolute(address: &str) -> String {
    web_sys::Url::new_with_base(address, &base()).map_or_else(|_| address.to_owned(), |url| url.href())
}

/// Loads a text that lies beside the program (see [`program`]); an empty one where it is not to be had.
pub fn load_text(what: &str, name: &str, done: impl FnOnce(String) + 'static) {
    let address = program(what, name);
    after(window().fetch_with_str(&address).as_ref(), move |response| {
        let response = response.and_then(|response| response.dyn_into::<web_sys::Response>().ok());
        match response.filter(web_sys::Response::ok).and_then(|response| response.text().ok()) {
            Some(text) => {
                after(text.as_ref(), |text| done(text.and_then(|text| text.as_string()).unwrap_or_default()));
            }
            None => done(String::new()),
        }
    });
}

/// Calls back before every picture, for as long as it lives.
pub struct Pictures {
    alive: Rc<RefCell<bool>>,
}

impl Pictures {
    /// Starts.
    pub fn start(mut each: impl FnMut(f64) + 'static) -> Self {
        let alive = Rc::new(RefCell::new(true));
        let slot: Rc<RefCell<Option<Closure<dyn FnMut(f64)>>>> = Rc::default();
        let (own, running) = (slot.clone(), alive.clone());
        *slot.borrow_mut() = Some(Closure::new(move |time: f64| {
            if !*running.borrow() {
                own.borrow_mut().take();
                return;
            }
            each(time);
            request(&own);
        }));
        request(&slot);
        Self { alive }
    }
}

impl Drop for Pictures {
    fn drop(&mut self) {
        *self.alive.borrow_mut() = false;
    }
}

fn request(slot: &Rc<RefCell<Option<Closure<dyn FnMut(f64)>>>>) {
    if let Some(closure) = slot.borrow().as_ref() {
        let _ = window().request_animation_frame(closure.as_ref().unchecked_ref());
    }
}

/// A listener that goes when this is dropped.
pub struct Listener {
    target: web_sys::EventTarget,
    name: &'static str,
    closure: Closure<dyn FnMut(web_sys::Event)>,
}

impl Listener {
    /// Starts to listen.
    pub fn new(
        target: &web_sys::EventTarget,
        name: &'static str,
        each: impl FnMut(web_sys::Event) + 'static,
    ) -> Self {
        let closure: Closure<dyn FnMut(web_sys::Event)> = Closure::new(each);
        let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        Self { target: target.clone(), name, closure }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ =
            self.target.remove_event_listener_with_callback(self.name, self.closure.as_ref().unchecked_ref());
    }
}

thread_local! {
    static REPRODUCE: RefCell<(String, u64)> = const { RefCell::new((String::new(), 0)) };
}

/// What is shown if the engine panics: the link that reproduces it, and about when.
pub fn remember(link: Option<String>, now: u64) {
    REPRODUCE.with(|known| {
        if let Ok(mut known) = known.try_borrow_mut() {
            if let Some(link) = link {
                known.0 = link;
            }
            known.1 = now;
        }
    });
}

/// Shows panics instead of a frozen page.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        console("error", &text);
        stopped(&text);
    }));
    // A trap (memory or stack used up) never reaches the hook.
    let trap = Listener::new(&window(), "error", |event| {
        let get = |of: &JsValue, name: &str| js_sys::Reflect::get(of, &name.into()).unwrap_or_default();
        let thrown = get(event.as_ref(), "error");
        let name = get(&thrown, "name").as_string().unwrap_or_default();
        if name == "RuntimeError" || name == "RangeError" {
            stopped(&get(&thrown, "message").as_string().unwrap_or(name));
        }
    });
    // It listens as long as the page lives.
    std::mem::forget(trap);
}

/// Says something on the console: "error" or "warn".
pub fn console(how: &str, text: &str) {
    let console = js_sys::Reflect::get(&js_sys::global(), &"console".into());
    let call = console.and_then(|console| {
        let function: js_sys::Function = js_sys::Reflect::get(&console, &how.into())?.dyn_into()?;
        function.call1(&console, &text.into())
    });
    drop(call);
}

/// Built by hand: after a panic nothing of the page's own can be trusted.
fn stopped(reason: &str) {
    let document = document();
    let Some(body) = document.body() else { return };
    if document.query_selector(".stopped").ok().flatten().is_some() {
        return;
    }
    let (link, now) =
        REPRODUCE.with(|known| known.try_borrow().map(|known| known.clone()).unwrap_or_default());
    let make = |tag: &str, text: &str| -> Option<Element> {
        let element = document.create_element(tag).ok()?;
        element.set_text_content(Some(text));
        Some(element)
    };
    let build = || -> Option<()> {
        let cover = make("div", "")?;
        cover.set_class_name("stopped");
        cover.set_attribute("role", "alertdialog").ok()?;
        let section = make("section", "")?;
        let time = crate::model::format::instant(now);
        section.append_child(&*make("h2", &format!("Stopped at {time}, internal error"))?).ok()?;
        let words = "The simulator stopped by itself. That is a fault of netsplit, not of the run. This link \
                     reproduces it; please send it along with a report.";
        section.append_child(&*make("p", words)?).ok()?;
        let field = make("input", "")?;
        field.set_class_name("field");
        field.set_attribute("readonly", "").ok()?;
        field.set_attribute("aria-label", "Link that reproduces it").ok()?;
        field.set_attribute("value", &format!("{}{link}", base())).ok()?;
        section.append_child(&field).ok()?;
        section.append_child(&*make("p", reason)?).ok()?;
        let again = make("a", "Start anew")?;
        again.set_class_name("btn line");
        again.set_attribute("href", &base()).ok()?;
        section.append_child(&again).ok()?;
        cover.append_child(&section).ok()?;
        body.append_child(&cover).ok()?;
        Some(())
    };
    build();
}
