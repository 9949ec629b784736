//! A static file server for `dist/`, on this machine only.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use crate::{Outcome, say};

const FIRST_PORT: u16 = 8080;
const LONGEST_LINE: u64 = 16 * 1024;

/// Serves until interrupted.
pub fn serve(folder: PathBuf, port: Option<u16>) -> Outcome {
    let listener = listen(port)?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    say(&format!("serve: open http://{address}/ (stop with Ctrl-C)"));
    for stream in listener.incoming().flatten() {
        let folder = folder.clone();
        std::thread::spawn(move || {
            // A browser that goes away in the middle is nobody's fault.
            let _ = answer(stream, &folder);
        });
    }
    Ok(())
}

fn listen(port: Option<u16>) -> Outcome<TcpListener> {
    let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    match port {
        Some(port) => bind(port).map_err(|error| format!("port {port} cannot be used: {error}")),
        None => (FIRST_PORT..FIRST_PORT + 100)
            .find_map(|port| bind(port).ok())
            .ok_or_else(|| format!("no free port from {FIRST_PORT} on; name one with --port")),
    }
}

fn answer(stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let Some(request) = read_line(&mut reader)? else { return Ok(()) };
        while read_line(&mut reader)?.is_some_and(|header| !header.is_empty()) {}
        let mut words = request.split(' ');
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (status, mime, body) = match method {
            "GET" | "HEAD" => match find(folder, target) {
                Some(file) => ("200 OK", mime(&file), fs::read(&file)?),
                None => ("404 Not Found", "text/plain; charset=utf-8", b"There is no such file.\n".to_vec()),
            },
            _ => ("405 Method Not Allowed", "text/plain; charset=utf-8", b"GET and HEAD only.\n".to_vec()),
        };
        write!(
            writer,
            "HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {}\r\nCache-Control: no-cache\r\n\
             Access-Control-Allow-Origin: *\r\nX-Content-Type-Options: nosniff\r\n\r\n",
            body.len()
        )?;
        if method != "HEAD" {
            writer.write_all(&body)?;
        }
        writer.flush()?;
    }
}

fn read_line(reader: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = String::new();
    let read = std::io::Read::take(&mut *reader, LONGEST_LINE).read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end().to_owned()))
}

/// The file that a request means, if it is inside the folder.
fn find(folder: &Path, target: &str) -> Option<PathBuf> {
    let path = decode(target.split(['?', '#']).next()?)?;
    let relative = Path::new(path.trim_start_matches('/'));
    if relative.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return None;
    }
    let mut file = folder.join(relative);
    if file.is_dir() {
        file.push("index.html");
    }
    let (file, folder) = (file.canonicalize().ok()?, folder.canonicalize().ok()?);
    (file.starts_with(folder) && file.is_file()).then_some(file)
}

fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok().filter(|path| !path.contains(['\\', '\0']))
}

fn mime(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json; charset=utf-8",
        "webmanifest" => "application/manifest+json; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" | "ftl" | "ts" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_folder_is_found() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert!(find(&folder, "/serve.rs?v=1").is_some());
        assert!(find(&folder, "/%73erve.rs").is_some());
        for target in
            ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "//etc/passwd", "/..%2fCargo.toml", "/%", "/a%00"]
        {
            assert!(find(&folder, target).is_none(), "{target}");
        }
    }
}
