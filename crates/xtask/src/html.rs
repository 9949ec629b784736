//! The entry page. `web/index.html` is written for Trunk; this reads the same `<link data-trunk …>` tags and
//! puts in their place what a static host needs: relative addresses only, and nothing inline, so that a
//! strict content security policy can be part of the page.

use crate::Outcome;

/// Scripts from this place only (and WebAssembly), styles from this place only, data from any https address
/// (for `?src=`).
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    img-src 'self' data: blob:; connect-src 'self' https:; object-src 'none'; base-uri 'none'; \
    form-action 'none'";

/// One `<link data-trunk …>` tag: what it asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Link {
    /// The program itself.
    Rust,
    /// A style sheet, relative to `web/`.
    Css(String),
    /// An icon, relative to `web/`.
    Icon(String),
    /// A file to copy as it is.
    File(String),
    /// A folder to copy as it is.
    Dir(String),
    /// A file whose text takes the tag's place, relative to `web/`.
    Inline(String),
}

/// The page, with each such tag replaced by what `place` gives for it.
pub fn transform(source: &str, mut place: impl FnMut(Link) -> Outcome<String>) -> Outcome<String> {
    let mut page = String::with_capacity(source.len() + 1024);
    let mut rest = source;
    while let Some(start) = rest.find("<link data-trunk") {
        let length = rest[start..].find('>').ok_or("web/index.html: a <link data-trunk> tag has no end")? + 1;
        let tag = &rest[start..start + length];
        page.push_str(&rest[..start]);
        page.push_str(&place(parse(tag)?)?);
        rest = &rest[start + length..];
    }
    page.push_str(rest);

    const CHARSET: &str = "<meta charset=\"utf-8\" />";
    let at = page.find(CHARSET).ok_or("web/index.html has no charset declaration")? + CHARSET.len();
    page.insert_str(
        at,
        &format!("\n    <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\" />"),
    );
    strict(&page)?;
    Ok(page.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("\n") + "\n")
}

fn parse(tag: &str) -> Outcome<Link> {
    let href = || attribute(tag, "href").ok_or_else(|| format!("web/index.html: no href in {tag}"));
    match attribute(tag, "rel").as_deref() {
        Some("rust") => Ok(Link::Rust),
        Some("css") => href().map(Link::Css),
        Some("icon") => href().map(Link::Icon),
        Some("copy-file") => href().map(Link::File),
        Some("copy-dir") => href().map(Link::Dir),
        Some("inline") => href().map(Link::Inline),
        _ => Err(format!("web/index.html: `cargo xtask build` does not know {tag}")),
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let start = tag.find(&format!(" {name}=\""))? + name.len() + 3;
    let length = tag[start..].find('"')?;
    Some(tag[start..start + length].to_owned())
}

/// The policy would silently block these, so they are refused here.
fn strict(page: &str) -> Outcome {
    let script_inline = page.match_indices("<script").any(|(at, _)| {
        let tag = page[at..].split('>').next().unwrap_or_default();
        !tag.contains(" src=")
    });
    if script_inline || page.contains("<style") || page.contains(" style=\"") {
        return Err("web/index.html has an inline script or style, which its own policy forbids".into());
    }
    for absolute in ["href=\"/", "src=\"/"] {
        if page.contains(absolute) {
            return Err(format!("web/index.html: {absolute}…\" would not work below another path"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<head><meta charset=\"utf-8\" />";

    #[test]
    fn tags_are_replaced_and_the_policy_added() {
        let source = format!("{HEAD}<link data-trunk rel=\"css\" href=\"a.css\" /><p>x</p>");
        let mut seen = Vec::new();
        let page = transform(&source, |link| {
            seen.push(link);
            Ok("<link rel=\"stylesheet\" href=\"a.css\" />".into())
        })
        .unwrap();
        assert_eq!(seen, [Link::Css("a.css".into())]);
        assert!(page.contains("Content-Security-Policy") && page.contains("<p>x</p>"));
        assert!(!page.contains("data-trunk"));
    }

    #[test]
    fn what_the_policy_would_block_is_refused() {
        for bad in
            ["<script>x()</script>", "<p style=\"color:red\">", "<style>p{}</style>", "<a href=\"/x\">"]
        {
            assert!(transform(&format!("{HEAD}{bad}"), |_| Ok(String::new())).is_err(), "{bad}");
        }
        assert!(transform(&format!("{HEAD}<script src=\"a.js\"></script>"), |_| Ok(String::new())).is_ok());
    }
}
