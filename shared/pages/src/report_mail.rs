//! The letter about a closed month to a partner's accountant: number, totals, and links to the papers. In Russian, as the papers are.

use std::fmt::Write as _;

use askama::Template;

use crate::mail::Mail;
use crate::page::fill;
use crate::words::words;
use crate::{Agent, Lang};

/// What the letter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportMailView {
    /// The document's number.
    pub number: String,
    /// Its date, `30.11.2026`.
    pub issued: String,
    /// The month's first day.
    pub first: String,
    /// The month's last day.
    pub last: String,
    /// The partner's name.
    pub partner: String,
    /// The partner's ИНН.
    pub partner_inn: String,
    /// Who has made it.
    pub agent: Agent,
    /// Lines of the register.
    pub lines: u64,
    /// Paid by buyers less what went back, kopecks.
    pub turnover_minor: i64,
    /// The agent's fee, VAT included, kopecks.
    pub fee_minor: i64,
    /// VAT in it, kopecks.
    pub vat_minor: i64,
    /// What was owed to the partner when the month began, kopecks; below zero where the partner owed.
    pub opening_minor: i64,
    /// The same when it ended, kopecks.
    pub closing_minor: i64,
    /// The act as PDF.
    pub act_url: String,
    /// The register as workbooks.
    pub workbook_urls: Vec<String>,
    /// The register as CSV.
    pub register_urls: Vec<String>,
    /// The УПД, where there is what it needs.
    pub electronic_url: Option<String>,
    /// The last day the links open, `29.01.2027`.
    pub until: String,
    /// Nothing was charged.
    pub test_mode: bool,
}

#[derive(Template)]
#[template(path = "report_mail.html")]
struct ReportMailTemplate<'a> {
    v: &'a ReportMailView,
    subject: &'a str,
    title: &'a str,
    facts: &'a [(&'static str, String)],
    files: &'a [(String, &'a str)],
}

fn facts(view: &ReportMailView) -> Vec<(&'static str, String)> {
    let w = words(Lang::Ru);
    let owed = |minor: i64| {
        let side = if minor < 0 { "долг принципала" } else { "долг агента" };
        format!("{} ({side})", w.money(minor.saturating_abs()))
    };
    vec![
        ("Документ", format!("Отчёт агента и Акт № {} от {}", view.number, view.issued)),
        ("Период", format!("{} – {}", view.first, view.last)),
        ("Принципал", format!("{}, ИНН {}", view.partner, view.partner_inn)),
        ("Строк в реестре", view.lines.to_string()),
        ("Оплачено за вычетом возвратов", w.money(view.turnover_minor)),
        ("Вознаграждение агента", w.money(view.fee_minor)),
        ("В том числе НДС", w.money(view.vat_minor)),
        ("Остаток на начало", owed(view.opening_minor)),
        ("Остаток на конец", owed(view.closing_minor)),
    ]
}

fn files(view: &ReportMailView) -> Vec<(String, &str)> {
    let mut files = vec![("Акт (PDF)".to_owned(), view.act_url.as_str())];
    for (name, urls) in [("Реестр заказов (XLSX)", &view.workbook_urls), ("Реестр заказов (CSV)", &view.register_urls)]
    {
        for (no, url) in (1..).zip(urls) {
            let part = if urls.len() > 1 { format!(", часть {no} из {}", urls.len()) } else { String::new() };
            files.push((format!("{name}{part}"), url));
        }
    }
    files.extend(view.electronic_url.iter().map(|url| ("УПД для ЭДО (XML)".to_owned(), url.as_str())));
    files
}

/// The letter with both parts.
pub fn report_mail(view: &ReportMailView) -> Mail {
    let (facts, files) = (facts(view), files(view));
    let title = "Месяц закрыт: отчёт агента и акт";
    let subject = format!("Отчёт агента и Акт № {} за {} – {} · {}", view.number, view.first, view.last, view.partner);
    let subject = subject.split(|character: char| character.is_control()).collect::<Vec<_>>().join(" ");
    let template = ReportMailTemplate { v: view, subject: &subject, title, facts: &facts, files: &files };
    let mut text = String::new();
    if view.test_mode {
        let _ = writeln!(text, "{}\n", words(Lang::Ru).test_mode.to_uppercase());
    }
    let _ = writeln!(text, "{title}\n");
    for (label, value) in &facts {
        let _ = writeln!(text, "{label}: {value}");
    }
    for (label, url) in &files {
        let _ = writeln!(text, "\n{label}:\n{url}");
    }
    let _ = writeln!(text, "\nСсылки открываются до {}, не пересылайте их посторонним.", view.until);
    let _ = writeln!(text, "Возражения принимаются в течение тридцати дней со дня получения отчёта.");
    let agent = &view.agent;
    let _ = writeln!(text, "\nВопросы: {}, {}", agent.support_email, agent.support_phone);
    let _ = writeln!(text, "{}, ИНН {}, {}", agent.name, agent.inn, agent.address);
    Mail { subject: subject.clone(), html: fill(&template), text, inline: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_say_the_same_and_nothing_of_a_name_is_markup() {
        let agent = Agent {
            name: "ООО «Апикасса»".into(),
            inn: "7700000023".into(),
            ogrn: None,
            address: "Москва".into(),
            support_email: "help@apikassa.example".into(),
            support_phone: "+74950000000".into(),
        };
        let view = ReportMailView {
            number: "7".into(),
            issued: "30.11.2026".into(),
            first: "01.11.2026".into(),
            last: "30.11.2026".into(),
            partner: "ООО «<b>Справка»\r\nBcc: x".into(),
            partner_inn: "7700000016".into(),
            agent,
            lines: 30_000,
            turnover_minor: 600_000,
            fee_minor: 21_000,
            vat_minor: 3_787,
            opening_minor: -5_000,
            closing_minor: 0,
            act_url: "https://pay.example/a/t/act.pdf".into(),
            workbook_urls: vec!["https://pay.example/a/t/report.xlsx".into()],
            register_urls: (1..=3).map(|part| format!("https://pay.example/a/t/report.csv?part={part}")).collect(),
            electronic_url: None,
            until: "29.01.2027".into(),
            test_mode: true,
        };
        let mail = report_mail(&view);
        assert!(!mail.subject.contains(['\r', '\n']), "{}", mail.subject);
        assert!(mail.html.contains("&lt;b&gt;") || mail.html.contains("&#60;b&#62;"), "{}", mail.html);
        for (label, value) in facts(&view) {
            assert!(mail.text.contains(&format!("{label}: {value}")), "{label}");
            assert!(mail.html.contains(label), "{label}");
        }
        for (label, url) in files(&view) {
            assert!(mail.text.contains(url) && mail.html.contains(&label), "{label}");
        }
        assert!(mail.text.contains("часть 3 из 3") && mail.text.contains("долг принципала"));
    }
}
