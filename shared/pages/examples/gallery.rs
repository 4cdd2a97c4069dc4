//! Writes every page state, mail and SMS into the directory given: `cargo run -p pages --example gallery -- /tmp/gallery`.

#[path = "samples/mod.rs"]
mod samples;

use std::{error::Error, fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("the directory to write into is missing")?);
    fs::create_dir_all(&folder)?;
    for (name, page) in samples::pages() {
        println!("{:>6} B  {name}", page.html.len());
        fs::write(folder.join(format!("{name}.html")), page.html)?;
    }
    for (name, mail) in samples::mails() {
        println!("{name}: {}", mail.subject);
        let mut html = mail.html.replace(&format!("cid:{}", samples::LOGO_CONTENT_ID), samples::LOGO);
        for image in &mail.inline {
            // a browser knows no content-ids
            html = html.replace(
                &format!("cid:{}", image.content_id),
                &format!("data:{};base64,{}", image.media_type, STANDARD.encode(&image.bytes)),
            );
        }
        fs::write(folder.join(format!("{name}.html")), html)?;
        fs::write(folder.join(format!("{name}.txt")), mail.text)?;
    }
    let messages = samples::messages();
    for message in &messages {
        println!("{:>3}  {message}", message.chars().count());
    }
    fs::write(folder.join("sms.txt"), messages.join("\n"))?;
    Ok(())
}
