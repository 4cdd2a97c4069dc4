//! A closed month's report as the papers an accountant files: the act as PDF, the register as XLSX and CSV, the УПД. For the partner's API
//! key, and for whoever has the link a letter brought. And orders as files other programs read, for the key alone.
//!
//! **Invariant**: nothing is written here. A month's paper is made from what was sealed when the month was closed, page by page, and is refused when
//! that does not hold; the same month gives the same bytes, whoever asks. Deliberately absent: sums, which `papers` folds again and
//! compares, and the list of reports (`partner-api`, which also says in its document what these doors answer). It stands apart from
//! `partner-api` so that an order is not made by a process that carries fonts and spreadsheets.

mod orders;
mod paper;

use axum::Router;
use axum::extract::{FromRequestParts, RawPathParams, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use domain::id::Tenant;
use domain::report::Period;
use http::Uri;
use http::request::Parts;
use runtime::Problem;
use runtime::caller::{Answer, OwnMonth, Refused};
use runtime::query::{Parameters, wrong};
use workflows::error::WorkflowError;
use workflows::ports::Ports;
use workflows::{clock, links};

use crate::paper::Paper;

/// A route and what answers it.
type Route = (&'static str, MethodRouter<Ports>);

/// The month a link opens.
struct LinkedMonth(Tenant, Period);

impl FromRequestParts<Ports> for LinkedMonth {
    type Rejection = Refused;

    async fn from_request_parts(request: &mut Parts, ports: &Ports) -> Result<Self, Refused> {
        let params = RawPathParams::from_request_parts(request, ports).await.map_err(|_| Problem::not_found())?;
        let token = params.iter().find(|(name, _)| *name == "token").map(|(_, token)| token.to_owned());
        let opened = token.and_then(|token| links::open_report(&ports.settings, &token));
        let (tenant, period, until) = opened.ok_or_else(Problem::not_found)?;
        let now = clock::now(ports, &tenant).await.map_err(WorkflowError::from)?;
        if now > until { Err(Problem::not_found().into()) } else { Ok(Self(tenant, period)) }
    }
}

/// `part`: 1 and on.
fn part(uri: &Uri) -> Result<Option<usize>, Problem> {
    let parameters = Parameters::read(uri, &["part"])?;
    let Some(text) = parameters.text("part") else { return Ok(None) };
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let part = text.parse::<usize>().ok().filter(|_| plain).and_then(|part| part.checked_sub(1));
    part.map(Some).ok_or_else(|| wrong("part", "range", "Номер части от 1.", "The number of a part, from 1."))
}

macro_rules! doors {
    ($($own:ident, $linked:ident: $paper:expr;)*) => {$(
        async fn $own(State(ports): State<Ports>, OwnMonth(tenant, period): OwnMonth, uri: Uri) -> Answer<Response> {
            paper::make(&ports, &tenant, period, $paper, part(&uri)?).await
        }

        async fn $linked(
            State(ports): State<Ports>,
            LinkedMonth(tenant, period): LinkedMonth,
            uri: Uri,
        ) -> Answer<Response> {
            paper::make(&ports, &tenant, period, $paper, part(&uri)?).await
        }
    )*};
}

doors! {
    act, linked_act: Paper::Act;
    workbook, linked_workbook: Paper::Workbook;
    register, linked_register: Paper::Register;
    electronic, linked_electronic: Paper::Electronic;
}

/// The routes of the API: its document names them (`partner-api`, whose tests hold the two together).
pub fn routes() -> [Route; 6] {
    [
        ("/v1/orders.csv", get(orders::table)),
        ("/v1/orders.xml", get(orders::document)),
        ("/v1/reports/{month}/act.pdf", get(act)),
        ("/v1/reports/{month}/report.xlsx", get(workbook)),
        ("/v1/reports/{month}/report.csv", get(register)),
        ("/v1/reports/{month}/upd.xml", get(electronic)),
    ]
}

fn linked() -> [Route; 4] {
    [
        ("/a/{token}/act.pdf", get(linked_act)),
        ("/a/{token}/report.xlsx", get(linked_workbook)),
        ("/a/{token}/report.csv", get(linked_register)),
        ("/a/{token}/upd.xml", get(linked_electronic)),
    ]
}

/// The papers behind the door.
pub fn router(ports: Ports) -> Router {
    let routed =
        routes().into_iter().chain(linked()).fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    routed.with_state(ports)
}
