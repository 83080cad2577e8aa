//! Forms that carry files: `multipart/form-data` as browsers send it, its text fields as strict as those of any form.

use std::convert::Infallible;

use bytes::Bytes;

use super::form::{Form, MOST};

/// A file that a form carried.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The field's name.
    pub name: String,
    /// What the file was called where it came from; nothing to be believed.
    pub filename: String,
    /// What the browser took it for; nothing to be believed.
    pub content_type: String,
    /// What is in it.
    pub bytes: Bytes,
}

/// Reads a body whose length is bounded already. A file field in which nothing was chosen is left out.
///
/// # Errors
/// A sentence for the caller: not multipart, a field that is malformed, too many fields.
pub async fn read(content_type: &str, body: Bytes) -> Result<(Form, Vec<Upload>), String> {
    let told = |error: multer::Error| error.to_string();
    let boundary = multer::parse_boundary(content_type).map_err(told)?;
    let whole = futures_util::stream::once(async { Ok::<_, Infallible>(body) });
    let mut parts = multer::Multipart::new(whole, boundary);
    let (mut fields, mut files) = (Vec::new(), Vec::new());
    while let Some(part) = parts.next_field().await.map_err(told)? {
        if fields.len() + files.len() >= MOST {
            return Err(format!("more than {MOST} fields"));
        }
        let name = part.name().ok_or("a field without a name")?.to_owned();
        let filename = part.file_name().map(str::to_owned);
        let content_type = part.content_type().map_or_else(String::new, |kind| kind.essence_str().to_owned());
        let bytes = part.bytes().await.map_err(told)?;
        match filename {
            None => fields.push((name, String::from_utf8(bytes.into()).map_err(|_| "a field is not UTF-8")?)),
            Some(filename) if filename.is_empty() && bytes.is_empty() => {}
            Some(filename) if filename.chars().any(char::is_control) => return Err("a file name is malformed".into()),
            Some(filename) => files.push(Upload { name, filename, content_type, bytes }),
        }
    }
    Ok((Form::of(fields)?, files))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read_parts(parts: &[&str]) -> Result<(Form, Vec<Upload>), String> {
        let body: String =
            parts.iter().map(|part| format!("--x\r\ncontent-disposition: form-data; {part}\r\n")).collect();
        read("multipart/form-data; boundary=x", format!("{body}--x--\r\n").into()).await
    }

    #[tokio::test]
    async fn fields_and_files_are_told_apart() {
        let file = "name=\"icon\"; filename=\"한.png\"\r\ncontent-type: image/png\r\n\r\nPNG\r\n\0";
        let nothing = "name=\"none\"; filename=\"\"\r\ncontent-type: application/octet-stream\r\n\r\n";
        let (form, files) = read_parts(&["name=\"a\"\r\n\r\n한 x", file, nothing]).await.unwrap();
        assert_eq!(form.get("a"), Some("한 x"));
        let [icon] = &files[..] else { panic!("{files:?}") };
        assert_eq!((icon.name.as_str(), icon.filename.as_str()), ("icon", "한.png"));
        assert_eq!((icon.content_type.as_str(), &icon.bytes[..]), ("image/png", &b"PNG\r\n\0"[..]));
    }

    #[tokio::test]
    async fn what_is_malformed_is_refused() {
        for part in ["name=\"a\"\r\n\r\n\0", "name=\"a\u{1}\"\r\n\r\nx", "filename=\"x\"\r\n\r\nx"] {
            assert!(read_parts(&[part]).await.is_err(), "{part:?}");
        }
        assert!(read("multipart/form-data", Bytes::new()).await.is_err());
        assert!(read("multipart/form-data; boundary=x", "--x\r\nhalf".into()).await.is_err());
        let many = vec!["name=\"a\"\r\n\r\nx"; MOST + 1];
        assert!(read_parts(&many[1..]).await.is_ok() && read_parts(&many).await.is_err());
    }
}
