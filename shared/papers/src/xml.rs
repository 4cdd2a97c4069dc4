//! XML as the formats want it: windows-1251 for the tax service, UTF-8 for others; one pass.

use std::io::{self, Write};

use encoding_rs::WINDOWS_1251;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// Encodes what passes through. A character windows-1251 does not have becomes a numeric reference, which any XML reader turns back.
#[derive(Debug)]
pub(crate) struct Cp1251<W> {
    out: W,
    /// The beginning of a character whose rest has not come yet.
    cut: Vec<u8>,
}

impl<W: Write> Write for Cp1251<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.cut.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.cut) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let rest = self.cut.split_off(whole);
        let text = std::str::from_utf8(&self.cut).map_err(|_| io::ErrorKind::InvalidData)?;
        let (encoded, _, _) = WINDOWS_1251.encode(text);
        self.out.write_all(&encoded)?;
        self.cut = rest;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// What names a document's encoding.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Encoding {
    /// As the tax service's formats want it.
    Windows1251,
    /// As Diadoc's own want it.
    Utf8,
}

/// A document being written.
pub(crate) struct Xml<W: Write> {
    out: Writer<Sink<W>>,
    open: Vec<&'static str>,
}

/// Where it goes.
#[derive(Debug)]
enum Sink<W> {
    Cp1251(Cp1251<W>),
    Utf8(W),
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Cp1251(out) => out.write(bytes),
            Self::Utf8(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Cp1251(out) => out.flush(),
            Self::Utf8(out) => out.flush(),
        }
    }
}

/// An attribute with its value.
pub(crate) type Attribute<'a> = (&'a str, &'a str);

impl<W: Write> Xml<W> {
    pub(crate) fn start(out: W, encoding: Encoding) -> io::Result<Self> {
        let (sink, name) = match encoding {
            Encoding::Windows1251 => (Sink::Cp1251(Cp1251 { out, cut: Vec::new() }), "windows-1251"),
            Encoding::Utf8 => (Sink::Utf8(out), "utf-8"),
        };
        let mut xml = Self { out: Writer::new(sink), open: Vec::new() };
        xml.out.write_event(Event::Decl(BytesDecl::new("1.0", Some(name), None)))?;
        Ok(xml)
    }

    /// Opens an element.
    pub(crate) fn open<'a>(
        &mut self,
        name: &'static str,
        attributes: impl IntoIterator<Item = Attribute<'a>>,
    ) -> io::Result<()> {
        self.out.write_event(Event::Start(element(name, attributes)))?;
        self.open.push(name);
        Ok(())
    }

    /// Closes the innermost open one.
    pub(crate) fn close(&mut self) -> io::Result<()> {
        if let Some(name) = self.open.pop() {
            self.out.write_event(Event::End(BytesEnd::new(name)))?;
        }
        Ok(())
    }

    /// An element without content.
    pub(crate) fn empty<'a>(
        &mut self,
        name: &'static str,
        attributes: impl IntoIterator<Item = Attribute<'a>>,
    ) -> io::Result<()> {
        self.out.write_event(Event::Empty(element(name, attributes)))
    }

    /// An element with a text.
    pub(crate) fn text(&mut self, name: &'static str, text: &str) -> io::Result<()> {
        self.open_text(name, [], text)
    }

    /// An element with attributes and a text.
    pub(crate) fn open_text<'a>(
        &mut self,
        name: &'static str,
        attributes: impl IntoIterator<Item = Attribute<'a>>,
        text: &str,
    ) -> io::Result<()> {
        self.out.write_event(Event::Start(element(name, attributes)))?;
        self.out.write_event(Event::Text(BytesText::new(&plain(text))))?;
        self.out.write_event(Event::End(BytesEnd::new(name)))
    }

    /// Where it goes; all of a document but what is still open is there.
    pub(crate) fn sink(&self) -> &W {
        match self.out.get_ref() {
            Sink::Cp1251(out) => &out.out,
            Sink::Utf8(out) => out,
        }
    }

    /// Closes what is open.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        while !self.open.is_empty() {
            self.close()?;
        }
        let mut sink = self.out.into_inner();
        sink.flush()?;
        match sink {
            Sink::Cp1251(out) => Ok(out.out),
            Sink::Utf8(out) => Ok(out),
        }
    }
}

fn element<'a>(name: &'static str, attributes: impl IntoIterator<Item = Attribute<'a>>) -> BytesStart<'static> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((name, plain(value).as_str()));
    }
    start
}

/// The text without what XML 1.0 can not carry; a line break is a space.
fn plain(text: &str) -> String {
    let fits = |c: char| if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c };
    text.chars().map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_encoding_lacks_and_what_xml_reserves_come_through() {
        let mut xml = Xml::start(Vec::new(), Encoding::Windows1251).unwrap();
        xml.open("Файл", [("Имя", "ООО «Ё» <&\"'> №\u{a0}1 \u{202f}Հ\n\u{7}")]).unwrap();
        xml.text("Т", "a<b&c").unwrap();
        let bytes = xml.finish().unwrap();
        let (text, _, broken) = WINDOWS_1251.decode(&bytes);
        assert!(!broken);
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"windows-1251\"?><Файл Имя=\"ООО «Ё» &lt;&amp;&quot;&apos;&gt; №\u{a0}1 &#8239;&#1344;  \"><Т>a&lt;b&amp;c</Т></Файл>"
        );
    }

    #[test]
    fn a_character_cut_in_two_writes_is_whole_again() {
        let mut out = Cp1251 { out: Vec::new(), cut: Vec::new() };
        for byte in "Яя".bytes() {
            out.write_all(&[byte]).unwrap();
        }
        assert_eq!(out.out, [0xdf, 0xff]);
    }
}
