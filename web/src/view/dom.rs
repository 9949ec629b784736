//! Elements, made by plain calls: `el("button").class("btn").with("Undo").sends(on, Msg::Undo)`.
//!
//! Yew's `html!` writes a page of code for each element at the place where it stands; the page is downloaded before
//! it can be looked at, so elements are made here once and every place only calls. What comes out is the same: an
//! alternative that is not taken leaves an empty list in its place, so that its neighbours stay who they are.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::JsValue;
use yew::html::{
    onchange, onclick, onfocus, oninput, onkeydown, onpointercancel, onpointerdown, onpointermove,
    onpointerout, onpointerup,
};
use yew::prelude::*;
use yew::virtual_dom::{AttributeOrProperty, Attributes, Key, Listener, VList, VTag, VText};

/// An element, or a fragment where its tag is empty.
#[must_use]
pub struct El(Box<Parts>);

struct Parts {
    tag: &'static str,
    names: Vec<&'static str>,
    values: Vec<Option<AttributeOrProperty>>,
    listeners: Vec<Option<Rc<dyn Listener>>>,
    children: Vec<Html>,
    value: Option<AttrValue>,
    key: Option<Key>,
    node: NodeRef,
}

/// An element.
#[inline(never)]
pub fn el(tag: &'static str) -> El {
    El(Box::new(Parts {
        tag,
        names: Vec::new(),
        values: Vec::new(),
        listeners: Vec::new(),
        children: Vec::new(),
        value: None,
        key: None,
        node: NodeRef::default(),
    }))
}

/// Several things in a row, or nothing.
#[inline(never)]
pub fn fragment() -> El {
    el("")
}

impl El {
    /// An attribute.
    #[inline(never)]
    pub fn set(self, name: &'static str, value: impl Words) -> Self {
        self.attribute(name, Some(value.words()))
    }

    /// An attribute that may be missing.
    #[inline(never)]
    pub fn maybe(self, name: &'static str, value: Option<impl Words>) -> Self {
        self.attribute(name, value.map(Words::words))
    }

    /// An attribute that is there or not.
    #[inline(never)]
    pub fn flag(self, name: &'static str, on: bool) -> Self {
        self.attribute(name, on.then_some(AttrValue::Static(name)))
    }

    /// Whether an entry of a list is the chosen one. As a property: what the attribute says no longer counts once a
    /// person has chosen.
    #[inline(never)]
    pub fn chosen(mut self, on: bool) -> Self {
        self.0.names.push("selected");
        self.0.values.push(Some(AttributeOrProperty::Property(JsValue::from_bool(on))));
        self
    }

    #[inline(never)]
    fn attribute(mut self, name: &'static str, value: Option<AttrValue>) -> Self {
        self.0.names.push(name);
        self.0.values.push(value.map(AttributeOrProperty::Attribute));
        self
    }

    /// Its classes.
    #[inline(never)]
    pub fn class(self, class: impl Words) -> Self {
        self.set("class", class)
    }

    /// What a field holds.
    #[inline(never)]
    pub fn value(mut self, value: impl Words) -> Self {
        self.0.value = Some(value.words());
        self
    }

    /// Tells it from its neighbours.
    #[inline(never)]
    pub fn key(mut self, key: String) -> Self {
        self.0.key = Some(key.into());
        self
    }

    /// Where it can be found later.
    #[inline(never)]
    pub fn at(mut self, node: &NodeRef) -> Self {
        self.0.node = node.clone();
        self
    }

    /// Something inside.
    #[inline(never)]
    pub fn with(mut self, content: impl Content) -> Self {
        self.0.children.push(content.html());
        self
    }

    /// A list of things inside.
    pub fn each(self, items: impl IntoIterator<Item = Self>) -> Self {
        let mut list = fragment();
        for item in items {
            list = list.with(item);
        }
        self.with(list)
    }

    /// What a click says.
    #[inline(never)]
    pub fn sends<T: Clone + 'static>(self, on: &Callback<T>, what: T) -> Self {
        let on = on.clone();
        self.on_click(Callback::from(move |_| on.emit(what.clone())))
    }

    /// What a field or a list says when it was set.
    #[inline(never)]
    pub fn tells<T: 'static>(self, on: &Callback<T>, make: fn(String) -> T) -> Self {
        let on = on.clone();
        self.on_change(Callback::from(move |event: Event| on.emit(make(super::controls::typed(&event)))))
    }

    /// Hears a click.
    pub fn on_click(self, on: Callback<MouseEvent>) -> Self {
        self.listener(Rc::new(onclick::Wrapper::new(on)))
    }

    /// Hears that it was set.
    pub fn on_change(self, on: Callback<Event>) -> Self {
        self.listener(Rc::new(onchange::Wrapper::new(on)))
    }

    /// Hears that it is being set.
    pub fn on_input(self, on: Callback<InputEvent>) -> Self {
        self.listener(Rc::new(oninput::Wrapper::new(on)))
    }

    /// Hears that it got the focus.
    pub fn on_focus(self, on: Callback<FocusEvent>) -> Self {
        self.listener(Rc::new(onfocus::Wrapper::new(on)))
    }

    /// Hears a key.
    pub fn on_key(self, on: Callback<KeyboardEvent>) -> Self {
        self.listener(Rc::new(onkeydown::Wrapper::new(on)))
    }

    /// Hears the pointer: down, moved, up.
    pub fn on_pointer(
        self,
        down: Callback<PointerEvent>,
        moved: Callback<PointerEvent>,
        up: Callback<PointerEvent>,
    ) -> Self {
        self.listener(Rc::new(onpointerdown::Wrapper::new(down)))
            .listener(Rc::new(onpointermove::Wrapper::new(moved)))
            .listener(Rc::new(onpointerup::Wrapper::new(up.clone())))
            .listener(Rc::new(onpointercancel::Wrapper::new(up)))
    }

    /// Hears the pointer over it, and that it left.
    pub fn on_hover(self, moved: Callback<PointerEvent>, out: Callback<PointerEvent>) -> Self {
        self.listener(Rc::new(onpointermove::Wrapper::new(moved)))
            .listener(Rc::new(onpointerout::Wrapper::new(out)))
    }

    #[inline(never)]
    fn listener(mut self, listener: Rc<dyn Listener>) -> Self {
        self.0.listeners.push(Some(listener));
        self
    }

    /// What Yew shows.
    #[inline(never)]
    pub fn done(self) -> Html {
        let Parts { tag: name, names, values, listeners, mut children, value, key, node } = *self.0;
        if name.is_empty() {
            return VList::with_children(children, key).into();
        }
        let mut tag = VTag::new(name);
        if !names.is_empty() {
            tag.attributes = Attributes::Dynamic { keys: kept(&names), values: values.into() };
        }
        if !listeners.is_empty() {
            tag.set_listeners(listeners.into());
        }
        if value.is_some() {
            tag.set_value(value);
        }
        tag.key = key;
        tag.node_ref = node;
        if let Some(inside) = tag.children_mut() {
            *inside = match children.len() {
                1 => children.remove(0),
                _ => VList::with_children(children, None).into(),
            };
        }
        tag.into()
    }
}

/// The same names at the same address: Yew then compares value by value. There are as many as the views have kinds of
/// element.
#[inline(never)]
fn kept(names: &[&'static str]) -> &'static [&'static str] {
    thread_local! {
        static KEPT: RefCell<Vec<&'static [&'static str]>> = const { RefCell::new(Vec::new()) };
    }
    let same = |known: &[&'static str]| {
        known.len() == names.len() && known.iter().zip(names).all(|(a, b)| std::ptr::eq(*a, *b))
    };
    KEPT.with_borrow_mut(|kept| match kept.iter().find(|known| same(known)) {
        Some(known) => known,
        None => {
            let new: &'static [&'static str] = Vec::leak(names.to_vec());
            kept.push(new);
            new
        }
    })
}

/// What can be an attribute's value or a text.
pub trait Words {
    /// As Yew has it.
    fn words(self) -> AttrValue;
}

/// What can be inside an element.
pub trait Content {
    /// As Yew has it.
    fn html(self) -> Html;
}

impl Words for &'static str {
    fn words(self) -> AttrValue {
        AttrValue::Static(self)
    }
}

impl Words for String {
    fn words(self) -> AttrValue {
        AttrValue::Rc(self.into())
    }
}

impl Words for &String {
    fn words(self) -> AttrValue {
        AttrValue::Rc(self.as_str().into())
    }
}

impl Words for bool {
    fn words(self) -> AttrValue {
        AttrValue::Static(if self { "true" } else { "false" })
    }
}

impl Words for u64 {
    fn words(self) -> AttrValue {
        self.to_string().words()
    }
}

macro_rules! texts {
    ($($kind:ty)*) => {$(
        impl Content for $kind {
            fn html(self) -> Html {
                VText::new(self.words()).into()
            }
        }
    )*};
}

texts!(&'static str String &String);

impl Content for El {
    fn html(self) -> Html {
        self.done()
    }
}

impl Content for Html {
    fn html(self) -> Html {
        self
    }
}

impl Content for Option<El> {
    fn html(self) -> Html {
        self.unwrap_or_else(fragment).done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(html: &Html) -> &VTag {
        match html {
            Html::VTag(tag) => tag,
            other => panic!("no element: {other:?}"),
        }
    }

    #[test]
    fn an_element_is_what_html_would_make() {
        let made =
            el("li").class("c").flag("hidden", false).maybe("title", None::<String>).with("a").with(None);
        let made = made.key("k".to_owned()).done();
        let tag = tag(&made);
        assert_eq!(tag.tag(), "li");
        assert_eq!(tag.attributes.iter().collect::<Vec<_>>(), [("class", "c")]);
        assert_eq!(tag.key, Some("k".into()));
        assert_eq!(tag.children(), Some(&html! { <>{ "a" }{ html! {} }</> }));
    }

    #[test]
    fn a_single_child_is_no_list_and_nothing_is_an_empty_one() {
        let made = el("p").with("a").done();
        assert!(matches!(tag(&made).children(), Some(Html::VText(_))));
        assert_eq!(fragment().done(), html! {});
        assert_eq!(fragment().each([]).done(), html! { <>{ html! {} }</> });
    }

    #[test]
    fn names_of_attributes_are_kept_once() {
        let names = ["class", "title"];
        assert!(std::ptr::eq(kept(&names), kept(&names)));
        assert_ne!(kept(&names), kept(&names[..1]));
    }
}
