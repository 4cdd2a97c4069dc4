//! A text as a QR code: SVG for pages, PNG for mails.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder, QRCode};

/// Light modules around the code; ISO/IEC 18004 asks for four.
const QUIET_MODULES: usize = 4;

/// Pixels of one module in the PNG: sharp when a mail shows it at half size on a dense screen.
const PIXELS_PER_MODULE: usize = 8;

fn build(text: &str) -> Option<QRCode> {
    QRBuilder::new(text).ecl(ECL::M).build().ok()
}

/// Whether the module is dark; outside the code it is light.
fn is_dark(code: &QRCode, x: usize, y: usize) -> bool {
    x < code.size && y < code.size && code[y][x].value()
}

/// An inline SVG, dark on white in any colour scheme so that phones can read it; `label` is what a screen reader says.
/// `None` when the text is longer than a QR code can hold.
pub fn qr_svg(text: &str, label: &str) -> Option<String> {
    let code = build(text)?;
    let side = code.size + 2 * QUIET_MODULES;
    let mut path = String::new();
    for y in 0..code.size {
        let mut x = 0;
        while x < code.size {
            if !is_dark(&code, x, y) {
                x += 1;
                continue;
            }
            let start = x;
            while is_dark(&code, x, y) {
                x += 1;
            }
            let run = x - start;
            let _ = write!(path, "M{} {}h{run}v1h-{run}z", start + QUIET_MODULES, y + QUIET_MODULES);
        }
    }
    let label = crate::page::escape(label);
    Some(format!(
        r##"<svg class="qr" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" role="img" aria-label="{label}"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{path}"/></svg>"##
    ))
}

/// A one-bit greyscale PNG. `None` when the text is longer than a QR code can hold.
pub fn qr_png(text: &str) -> Option<Vec<u8>> {
    let code = build(text)?;
    let side = (code.size + 2 * QUIET_MODULES) * PIXELS_PER_MODULE;
    let mut rows = Vec::with_capacity(side * side.div_ceil(8));
    for y in 0..side {
        let mut row = vec![0_u8; side.div_ceil(8)];
        for x in 0..side {
            let dark = (x / PIXELS_PER_MODULE)
                .checked_sub(QUIET_MODULES)
                .zip((y / PIXELS_PER_MODULE).checked_sub(QUIET_MODULES))
                .is_some_and(|(column, line)| is_dark(&code, column, line));
            if !dark {
                row[x / 8] |= 0x80 >> (x % 8);
            }
        }
        rows.extend_from_slice(&row);
    }
    let pixels = u32::try_from(side).ok()?;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels, pixels);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&rows).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{qr_png, qr_svg};

    const FISCAL: &str = "t=20261121T1805&s=1234.50&fn=9960440300123456&i=12345&fp=1234567890&n=1";

    fn decode(bytes: &[u8]) -> String {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let (width, height) = (info.width as usize, info.height as usize);
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
        let grids = image.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    /// Paints the SVG's dark runs, which is all its path says.
    fn decode_svg(svg: &str) -> String {
        let side: usize = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        let runs = svg.split("fill=\"#000\" d=\"").nth(1).unwrap().split('"').next().unwrap();
        let mut pixels = vec![255_u8; side * side];
        for run in runs.split('z').filter(|run| !run.is_empty()) {
            let numbers: Vec<usize> = run
                .split(['M', ' ', 'h', 'v', '-'])
                .filter(|piece| !piece.is_empty())
                .map(|piece| piece.parse().unwrap())
                .collect();
            for step in 0..numbers[2] {
                pixels[numbers[1] * side + numbers[0] + step] = 0;
            }
        }
        let scale = 6;
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * scale, side * scale, |x, y| {
            pixels[(y / scale) * side + x / scale]
        });
        image.detect_grids()[0].decode().unwrap().1
    }

    #[test]
    fn a_phone_reads_what_was_written() {
        assert_eq!(decode(&qr_png(FISCAL).unwrap()), FISCAL);
        assert_eq!(decode_svg(&qr_svg(FISCAL, "QR").unwrap()), FISCAL);
    }

    #[test]
    fn a_text_too_long_is_no_picture() {
        assert_eq!(qr_png(&"я".repeat(4000)), None);
        assert_eq!(qr_svg(&"я".repeat(4000), ""), None);
    }
}
