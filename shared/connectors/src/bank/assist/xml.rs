//! XML as Assist answers it, read into a tree: its answers are small, carry a DTD of their own, and leave elements out.

use bytes::Bytes;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::peer::Malformed;

/// Elements within elements, at most; Assist's go four deep.
const DEPTH_MAX: usize = 16;

/// An element: its attributes, its text, the elements in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// Name.
    pub name: String,
    /// Attributes in order.
    pub attributes: Vec<(String, String)>,
    /// Its own text, trimmed.
    pub text: String,
    /// The elements in it, in order.
    pub children: Vec<Element>,
}

impl Element {
    /// The first element of this name in it.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first element of this name in it; empty where there is none.
    pub fn value(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }

    /// An attribute; empty where it is not there.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.as_str())
    }
}

/// Reads a document. Assist writes UTF-8 and, on its oldest hosts, windows-1251; the declaration says which.
///
/// # Errors
/// Not one well-formed document.
pub fn read(body: &Bytes) -> Result<Element, Malformed> {
    let text = text(body)?;
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        match reader.read_event().map_err(|_| ill_formed())? {
            Event::Start(start) if root.is_none() && open.len() < DEPTH_MAX => open.push(element(&start)?),
            Event::Empty(start) if root.is_none() => close(element(&start)?, &mut open, &mut root),
            Event::End(_) => {
                let element = open.pop().ok_or_else(ill_formed)?;
                close(element, &mut open, &mut root);
            }
            Event::Text(text) => {
                let text = text.xml10_content().map_err(|_| ill_formed())?;
                match open.last_mut() {
                    Some(element) => element.text.push_str(&text),
                    None if text.trim().is_empty() => {}
                    None => return Err(ill_formed()),
                }
            }
            Event::CData(data) => {
                let element = open.last_mut().ok_or_else(ill_formed)?;
                element.text.push_str(&data.xml10_content().map_err(|_| ill_formed())?);
            }
            Event::GeneralRef(reference) => {
                open.last_mut().ok_or_else(ill_formed)?.text.push_str(&resolved(&reference)?);
            }
            Event::Decl(_) | Event::DocType(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
            Event::Start(_) | Event::Empty(_) => return Err(ill_formed()),
        }
    }
    root.filter(|_| open.is_empty()).ok_or_else(ill_formed)
}

fn ill_formed() -> Malformed {
    Malformed::at("", "one well-formed XML document")
}

fn text(body: &Bytes) -> Result<String, Malformed> {
    if let Ok(text) = std::str::from_utf8(body) {
        return Ok(text.trim_start_matches('\u{feff}').to_owned());
    }
    let head = String::from_utf8_lossy(&body[..body.len().min(100)]).to_ascii_lowercase();
    if !head.contains("windows-1251") {
        return Err(ill_formed());
    }
    let (text, _, wrong) = encoding_rs::WINDOWS_1251.decode(body);
    if wrong { Err(ill_formed()) } else { Ok(text.into_owned()) }
}

fn element(start: &BytesStart<'_>) -> Result<Element, Malformed> {
    let name = std::str::from_utf8(start.name().into_inner()).map_err(|_| ill_formed())?.to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| ill_formed())?;
        let name = std::str::from_utf8(attribute.key.into_inner()).map_err(|_| ill_formed())?.to_owned();
        let value = std::str::from_utf8(&attribute.value).map_err(|_| ill_formed())?.to_owned();
        attributes.push((name, value));
    }
    Ok(Element { name, attributes, text: String::new(), children: Vec::new() })
}

fn close(mut element: Element, open: &mut [Element], root: &mut Option<Element>) {
    element.text = element.text.trim().into();
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
}

/// The five names XML has by itself and character numbers; a DTD's own entities are not followed.
fn resolved(reference: &BytesRef<'_>) -> Result<String, Malformed> {
    if let Some(character) = reference.resolve_char_ref().map_err(|_| ill_formed())? {
        return Ok(character.to_string());
    }
    let name = reference.decode().map_err(|_| ill_formed())?;
    resolve_predefined_entity(&name).map(str::to_owned).ok_or_else(ill_formed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Result<Element, Malformed> {
        read(&Bytes::copy_from_slice(text.as_bytes()))
    }

    #[test]
    fn a_document_with_its_own_dtd_is_a_tree() {
        let text = "<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<!DOCTYPE result [\n<!ATTLIST result\nfirstcode \
                    CDATA #REQUIRED>\n<!ELEMENT result (order*)>\n]>\n<result firstcode=\"0\" secondcode='0'>\n  <order>\n  \
                    <name> A &amp; B &#8212; <![CDATA[<C>]]> </name><empty/></order>\n</result>\n";
        let result = tree(text).unwrap();
        assert_eq!((result.attribute("firstcode"), result.attribute("secondcode")), ("0", "0"));
        let order = result.child("order").unwrap();
        assert_eq!(order.value("name"), "A & B — <C>");
        assert_eq!((order.value("empty"), order.value("nothing"), order.attribute("x")), ("", "", ""));
    }

    #[test]
    fn windows_1251_is_read_where_it_is_declared() {
        let text = "<?xml version=\"1.0\" encoding=\"windows-1251\"?><result><m>Завершено</m></result>";
        let (bytes, _, _) = encoding_rs::WINDOWS_1251.encode(text);
        assert_eq!(read(&Bytes::copy_from_slice(&bytes)).unwrap().value("m"), "Завершено");
        let undeclared = bytes[44..].to_vec();
        assert!(read(&Bytes::from(undeclared)).is_err());
    }

    #[test]
    fn what_is_not_one_document_is_refused() {
        let deep = "<a>".repeat(40);
        let cases =
            ["", "text", "<a>", "<a></b>", "<a/><b/>", "<a/>text", "<a>&own;</a>", "<html><br><p></html>", &deep];
        for case in cases {
            assert!(tree(case).is_err(), "{case}");
        }
    }
}
