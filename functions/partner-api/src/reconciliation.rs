//! The operator's accountant reconciles a partner: loads papers, has days compared, works through what differs.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use domain::id::Tenant;
use domain::ledger::Account;
use domain::reconcile::{Counted, Filing, Refusal, Run, RunState, Scope};
use http::{StatusCode, Uri};
use jiff::civil::Date;
use runtime::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workflows::error::WorkflowError;
use workflows::perform;
use workflows::ports::Ports;
use workflows::reconciliation::close::{self, AGAINST, Action, CloseError};
use workflows::reconciliation::control;
use workflows::reconciliation::papers::{self, LoadError, Loaded};
use workflows::reconciliation::run::{self, DAYS_MAX};
use workflows::reconciliation::{self, OWN, Rules};

use crate::access::{OperatedTenant, TenantPath};
use crate::discrepancies::DiscrepancyView;
use crate::problems::{self, Answer};
use crate::query::{Parameters, wrong};
use crate::web;

/// Days looked back where none is said.
const DAYS: i64 = 31;
/// Accounts and registers with rules, at most.
const RULES_MAX: usize = 50;

/// A paper that was loaded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaperView {
    /// `registry` of an acquiring account, `report` of a register, `statement` of one of our accounts.
    #[schema(example = "registry")]
    pub kind: &'static str,
    /// The acquiring account, the register, or `settlement`, `nominal`.
    #[schema(example = "sber-main")]
    pub name: String,
    /// Which file of the day, where there are several.
    pub part: String,
    /// The day it speaks about.
    #[schema(example = "2026-11-21")]
    pub day: String,
    /// When it was received.
    pub received: String,
    /// How many rows it has.
    pub rows: u32,
    /// Roubles a registry has the bank pay out, its fees taken off; that a statement shows to have come from banks.
    #[schema(example = "2937.00")]
    pub net: String,
    /// Closing balance, by a statement that says so.
    pub closing: Option<String>,
    /// SHA-256 of its rows.
    pub sha256: String,
}

/// What became of a paper that was sent.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LoadedView {
    /// It was not here before. The same rows again change nothing; other rows of the same day take its place.
    pub new: bool,
    /// The paper.
    pub paper: PaperView,
}

/// Papers, earliest day first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaperList {
    /// The papers.
    pub papers: Vec<PaperView>,
}

/// Days to be compared.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunRequest {
    /// The first day.
    #[schema(example = "2026-11-01")]
    pub from: String,
    /// The last day; days that are not over are left out.
    #[schema(example = "2026-11-30")]
    pub until: String,
}

/// How many, and what they come to.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CountedView {
    /// How many.
    pub count: u32,
    /// What came in, in roubles.
    #[schema(example = "3000.00")]
    pub taken: String,
    /// What went out.
    #[schema(example = "0.00")]
    pub returned: String,
}

/// A day of one account, register or statement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunView {
    /// The day.
    #[schema(example = "2026-11-21")]
    pub day: String,
    /// Which paper it is laid beside: `registry`, `report`, `statement`.
    #[schema(example = "registry")]
    pub kind: &'static str,
    /// The account, the register, or `settlement`, `nominal`.
    #[schema(example = "sber-main")]
    pub name: String,
    /// `compared`; `waiting` for a paper of another day; `paper_missing`: we have movements, and nobody has loaded the paper.
    #[schema(example = "compared")]
    pub state: &'static str,
    /// When it was last compared with another outcome.
    pub at: String,
    /// What we have.
    pub ours: CountedView,
    /// What they have; `null` where no paper is here.
    pub theirs: Option<CountedView>,
    /// Papers something of the day waits for.
    pub waits: Vec<String>,
    /// Discrepancies of the day, by kind.
    #[schema(value_type = Object)]
    pub discrepancies: std::collections::BTreeMap<&'static str, u32>,
}

/// What a run did.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RanView {
    /// Transactions, receipts, payouts and deposits that have their partner.
    pub matched: usize,
    /// Discrepancies found, open and closed.
    pub found: usize,
    /// Things that wait for a paper.
    pub waiting: usize,
    /// Discrepancies that are new.
    pub opened: usize,
    /// Those whose figures changed.
    pub changed: usize,
    /// Those that were closed and are open again.
    pub reopened: usize,
    /// Those that later facts have closed.
    pub closed: usize,
    /// Every day of every account, register and statement.
    pub runs: Vec<RunView>,
}

/// Days as they were last compared.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RunList {
    /// Earliest first.
    pub runs: Vec<RunView>,
}

/// Why something is done about a discrepancy, and by whom.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseRequest {
    /// 1 to 500 characters.
    #[schema(example = "Банк подтвердил возврат, акт сверки № 7")]
    pub reason: String,
    /// Who does it.
    #[schema(example = "Иванова")]
    pub by: String,
    /// Post all that is outstanding against this account: `available` (the partner), `adjust` (written off), `acquirer` (the bank's fee),
    /// `bank`, `nominal`, `settlement`, `payout`, `suppliers` (of receipts and messages, who were
    /// paid). Nothing is posted when left out: then the reason explains why nothing has to be.
    #[schema(example = "available")]
    pub against: Option<String>,
}

/// Why a discrepancy is opened again, and by whom.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReopenRequest {
    /// 1 to 500 characters.
    pub reason: String,
    /// Who does it.
    pub by: String,
}

/// What an account holds at the end of a day.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HeldView {
    /// By our books, in roubles.
    #[schema(example = "0.00")]
    pub books: String,
    /// By the papers; `null` where they do not say.
    #[schema(example = "0.00")]
    pub papers: Option<String>,
    /// What the papers have more.
    #[schema(example = "0.00")]
    pub difference: Option<String>,
}

/// A day's control.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ControlDay {
    /// The day.
    pub day: String,
    /// With acquiring banks: what registries have them pay out, less what has come.
    pub clearing: HeldView,
    /// On the settlement account: the statement's closing balance.
    pub settlement: HeldView,
    /// On the nominal account.
    pub nominal: HeldView,
}

/// Controls of days.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ControlList {
    /// Earliest first, up to the last sealed day.
    pub days: Vec<ControlDay>,
}

fn roubles(money: domain::money::Money) -> String {
    money.to_decimal().to_string()
}

fn paper(head: &Filing) -> PaperView {
    PaperView {
        kind: head.kind.code(),
        name: head.name.clone(),
        part: head.part.clone(),
        day: head.day.to_string(),
        received: head.received.to_string(),
        rows: head.rows,
        net: roubles(head.net),
        closing: head.closing.map(roubles),
        sha256: head.sha256.clone(),
    }
}

fn counted(of: Counted) -> CountedView {
    CountedView { count: of.count, taken: roubles(of.taken), returned: roubles(of.returned) }
}

fn shown(run: &Run) -> RunView {
    RunView {
        day: run.day.to_string(),
        kind: run.kind.code(),
        name: run.name.clone(),
        state: run.state.code(),
        at: run.at.to_string(),
        ours: counted(run.ours),
        theirs: run.theirs.map(counted),
        waits: run.waits.clone(),
        discrepancies: run.found.iter().map(|(kind, count)| (kind.code(), *count)).collect(),
    }
}

/// Days of a query: `from` and `until`, the last month where nothing is said.
async fn days(ports: &Ports, tenant: &Tenant, parameters: &Parameters) -> Answer<Scope> {
    let today = workflows::clock::now(ports, tenant).await.map_err(WorkflowError::from)?;
    let until = parameters.day("until")?.unwrap_or_else(|| domain::time::moscow_date(today));
    let back = || until.saturating_sub(jiff::Span::new().days(DAYS));
    let from = parameters.day("from")?.unwrap_or_else(back);
    Ok(sound(Scope { from, until })?)
}

fn sound(scope: Scope) -> Result<Scope, runtime::Problem> {
    let days = scope.until.since(scope.from).map_or(0, |span| i64::from(span.get_days()));
    let fits = scope.from <= scope.until && days < DAYS_MAX;
    if fits {
        Ok(scope)
    } else {
        Err(wrong("until", "days", "Не раньше from и не больше 62 дней.", "Not before from, and at most 62 days."))
    }
}

fn not_loaded(error: LoadError) -> problems::Refused {
    match error {
        LoadError::NotConfigured(_) => problems::not_reconciled().into(),
        LoadError::Part(_) => {
            wrong("part", "part", "Такого файла в дне этого счёта не бывает.", "A day of the account has no such file.")
                .into()
        }
        LoadError::Unreadable(error) => {
            let text = error.to_string();
            problems::fault("", "paper", &format!("Файл не прочитан: {text}."), &format!("{text}.")).into()
        }
        LoadError::Failed(error) => error.into(),
    }
}

fn loaded(of: &Loaded) -> (StatusCode, Json<LoadedView>) {
    let status = if of.new { StatusCode::CREATED } else { StatusCode::OK };
    (status, Json(LoadedView { new: of.new, paper: paper(&of.head) }))
}

/// Read how a partner is reconciled
///
/// As it was set; what is usual where nothing was.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation",
    operation_id = "reconciliation_rules",
    tag = "Operator",
    params(TenantPath),
    responses((status = 200, description = "The rules.", body = Object)),
    security(("operator_token" = [])),
)]
pub async fn read(State(ports): State<Ports>, OperatedTenant(tenant): OperatedTenant) -> Answer<Json<Rules>> {
    perform::partner(&ports, &tenant).await?;
    Ok(Json(reconciliation::rules(&ports, &tenant).await?.unwrap_or_default()))
}

/// Set how a partner is reconciled
///
/// Which of our accounts the partner's money comes to, how each bank and register writes its papers, how banks pay out. Replaces what was
/// set before. From then on the clock compares every day that is over.
#[utoipa::path(
    put,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation",
    operation_id = "set_reconciliation_rules",
    tag = "Operator",
    params(TenantPath),
    request_body(content = Object, description = "`settlement`, `nominal` (account numbers), `own_minor` (kopecks of the agent's own there), `strangers` (lines that are nobody's are reported here), `accounts` (by id: `registry`, `parts`, `deposits`), `registers` (by id). docs/RECONCILIATION.md has examples.",
        example = json!({"strangers": true, "accounts": {"sber-main": {"registry": {"columns": {"day": "Дата", "amount": "Сумма", "reference": "Номер", "fee": "Комиссия"}, "day_format": "%d.%m.%Y"}, "deposits": {"how": "net", "payer_inn": "7707083893"}}}})),
    responses((status = 200, description = "The rules.", body = Object)),
    security(("operator_token" = [])),
)]
pub async fn set(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    web::Json(rules): web::Json<Rules>,
) -> Answer<Json<Rules>> {
    let partner = perform::partner(&ports, &tenant).await?;
    let known = |id: &String| id == OWN || partner.accounts.iter().any(|account| account.id == *id);
    if let Some(unknown) = rules.accounts.keys().find(|id| !known(id)) {
        let (ru, en) = ("Такого счёта у партнёра нет.", "The partner has no such account.");
        return Err(problems::fault(&format!("/accounts/{}", pointed(unknown)), "unknown_value", ru, en).into());
    }
    let known = |id: &String| id == OWN || partner.receipts.registers.iter().any(|register| register.id == *id);
    if let Some(unknown) = rules.registers.keys().find(|id| !known(id)) {
        let (ru, en) = ("Такой кассы у партнёра нет.", "The partner has no such register.");
        return Err(problems::fault(&format!("/registers/{}", pointed(unknown)), "unknown_value", ru, en).into());
    }
    if rules.accounts.len() > RULES_MAX || rules.registers.len() > RULES_MAX {
        return Err(problems::fault("/accounts", "count", "Не больше 50.", "At most 50.").into());
    }
    for (name, number) in [("/settlement", &rules.settlement), ("/nominal", &rules.nominal)] {
        let digits = |number: &String| number.len() == 20 && number.bytes().all(|byte| byte.is_ascii_digit());
        if number.as_ref().is_some_and(|number| !digits(number)) {
            return Err(problems::fault(name, "account", "Счёт из 20 цифр.", "An account of 20 digits.").into());
        }
    }
    reconciliation::set_rules(&ports, &tenant, &rules).await?;
    Ok(Json(rules))
}

fn pointed(name: &str) -> String {
    name.chars().take(60).collect::<String>().replace('~', "~0").replace('/', "~1")
}

fn day_of(parameters: &Parameters) -> Result<Date, runtime::Problem> {
    let day = parameters.day("day")?;
    day.ok_or_else(|| wrong("day", "required", "Укажите день файла.", "The file's day is needed."))
}

/// Load a bank's registry
///
/// Delimited text as the account's rules say, in UTF-8 or CP1251, at most 4 MB. The same rows again change nothing; another file of the
/// day takes the first one's place. A file that can not be read is refused whole, with the line and the column.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation/registries/{account}",
    operation_id = "load_registry",
    tag = "Operator",
    params(
        TenantPath,
        ("account" = String, Path, description = "The acquiring account; `sandbox` for the sandbox's own.", example = "sber-main"),
        ("day" = String, Query, description = "The day it speaks about.", example = "2026-11-21"),
        ("part" = Option<String>, Query, description = "Which file of the day, where there are several."),
    ),
    request_body(content = String, content_type = "text/csv", description = "The file as the bank sends it."),
    responses(
        (status = 201, description = "It is here now.", body = LoadedView),
        (status = 200, description = "It was here before.", body = LoadedView),
    ),
    security(("operator_token" = [])),
)]
pub async fn load_registry(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    Path((_, _, account)): Path<(String, String, String)>,
    uri: Uri,
    file: Bytes,
) -> Answer<(StatusCode, Json<LoadedView>)> {
    let parameters = Parameters::read(&uri, &["day", "part"])?;
    let (day, part) = (day_of(&parameters)?, parameters.text("part").unwrap_or_default());
    let of = papers::load_registry(&ports, &tenant, (&account, day, part), &file).await.map_err(not_loaded)?;
    Ok(loaded(&of))
}

/// Load a register's report
///
/// One row a fiscal document, as a register or an operator of fiscal data exports them.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation/reports/{register}",
    operation_id = "load_register_report",
    tag = "Operator",
    params(
        TenantPath,
        ("register" = String, Path, description = "The register; `sandbox` for the sandbox's own.", example = "shop-1"),
        ("day" = String, Query, description = "The day it speaks about.", example = "2026-11-21"),
    ),
    request_body(content = String, content_type = "text/csv", description = "The file."),
    responses(
        (status = 201, description = "It is here now.", body = LoadedView),
        (status = 200, description = "It was here before.", body = LoadedView),
    ),
    security(("operator_token" = [])),
)]
pub async fn load_report(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    Path((_, _, register)): Path<(String, String, String)>,
    uri: Uri,
    file: Bytes,
) -> Answer<(StatusCode, Json<LoadedView>)> {
    let parameters = Parameters::read(&uri, &["day"])?;
    let day = day_of(&parameters)?;
    let of = papers::load_report(&ports, &tenant, (&register, day), &file).await.map_err(not_loaded)?;
    Ok(loaded(&of))
}

/// List loaded papers
///
/// Of the last month where no days are said. Statements come by `/v1/operator/statements`.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation/papers",
    operation_id = "reconciliation_papers",
    tag = "Operator",
    params(
        TenantPath,
        ("from" = Option<String>, Query, description = "The first day.", example = "2026-11-01"),
        ("until" = Option<String>, Query, description = "The last day; today when left out. At most 62 days.", example = "2026-11-30"),
    ),
    responses((status = 200, description = "The papers.", body = PaperList)),
    security(("operator_token" = [])),
)]
pub async fn list_papers(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    uri: Uri,
) -> Answer<Json<PaperList>> {
    let parameters = Parameters::read(&uri, &["from", "until"])?;
    let days = days(&ports, &tenant, &parameters).await?;
    let heads = ports.store.papers(&tenant, days.from, days.until).await.map_err(WorkflowError::from)?;
    Ok(Json(PaperList { papers: heads.iter().map(paper).collect() }))
}

/// Compare days
///
/// Now, without waiting for the clock. Compared again over the same facts, nothing changes. For a busy partner a few days at a time.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation/runs",
    operation_id = "reconcile",
    tag = "Operator",
    params(TenantPath),
    request_body = RunRequest,
    responses((status = 200, description = "What came of it.", body = RanView)),
    security(("operator_token" = [])),
)]
pub async fn compare(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    web::Json(asked): web::Json<RunRequest>,
) -> Answer<Json<RanView>> {
    let day = |pointer: &str, text: &str| {
        let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
        day.ok_or_else(|| problems::fault(pointer, "date", "День вида 2026-11-21.", "A day such as 2026-11-21."))
    };
    let scope = sound(Scope { from: day("/from", &asked.from)?, until: day("/until", &asked.until)? })?;
    let ran = Box::pin(run::run(&ports, &tenant, scope)).await?.ok_or_else(problems::not_reconciled)?;
    Ok(Json(RanView {
        matched: ran.matched,
        found: ran.found,
        waiting: ran.waiting,
        opened: ran.opened,
        changed: ran.changed,
        reopened: ran.reopened,
        closed: ran.closed,
        runs: ran.runs.iter().map(shown).collect(),
    }))
}

/// List compared days
///
/// Every day of every account, register and statement as it was last compared; `state=paper_missing` names those whose paper nobody has
/// loaded.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation/runs",
    operation_id = "reconciliation_runs",
    tag = "Operator",
    params(
        TenantPath,
        ("from" = Option<String>, Query, description = "The first day.", example = "2026-11-01"),
        ("until" = Option<String>, Query, description = "The last day; today when left out. At most 62 days.", example = "2026-11-30"),
        ("state" = Option<String>, Query, description = "Only these: `compared`, `waiting`, `paper_missing`."),
        ("name" = Option<String>, Query, description = "Only of this account or register."),
    ),
    responses((status = 200, description = "The days.", body = RunList)),
    security(("operator_token" = [])),
)]
pub async fn list_runs(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    uri: Uri,
) -> Answer<Json<RunList>> {
    let parameters = Parameters::read(&uri, &["from", "until", "state", "name"])?;
    let days = days(&ports, &tenant, &parameters).await?;
    let state = parameters.text("state").map(|text| {
        let codes = RunState::ALL.map(RunState::code).join(", ");
        let found = RunState::ALL.into_iter().find(|known| known.code() == text);
        found.ok_or_else(|| {
            wrong("state", "unknown_value", &format!("Допустимы: {codes}."), &format!("One of: {codes}."))
        })
    });
    let (state, name) = (state.transpose()?, parameters.text("name"));
    let runs = ports.store.runs(&tenant, days.from, days.until).await.map_err(WorkflowError::from)?;
    let fits = |run: &&Run| state.is_none_or(|state| state == run.state) && name.is_none_or(|name| name == run.name);
    Ok(Json(RunList { runs: runs.iter().filter(fits).map(shown).collect() }))
}

/// Read the control of days
///
/// What our books hold with acquiring banks, on the settlement and on the nominal account at the end of each day, beside what registries
/// and statements say: up to the last sealed day, with corrections entered since.
#[utoipa::path(
    get,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation/control",
    operation_id = "reconciliation_control",
    tag = "Operator",
    params(
        TenantPath,
        ("from" = Option<String>, Query, description = "The first day.", example = "2026-11-01"),
        ("until" = Option<String>, Query, description = "The last day; today when left out. At most 62 days.", example = "2026-11-30"),
    ),
    responses((status = 200, description = "The days.", body = ControlList)),
    security(("operator_token" = [])),
)]
pub async fn control(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    uri: Uri,
) -> Answer<Json<ControlList>> {
    let parameters = Parameters::read(&uri, &["from", "until"])?;
    let days = days(&ports, &tenant, &parameters).await?;
    let found = control::days(&ports, &tenant, days.from, days.until).await?;
    let held = |of: control::Held| -> Result<HeldView, WorkflowError> {
        let difference = of.difference()?.map(roubles);
        Ok(HeldView { books: roubles(of.books), papers: of.papers.map(roubles), difference })
    };
    let shown = found.iter().map(|of| {
        Ok(ControlDay {
            day: of.day.to_string(),
            clearing: held(of.clearing)?,
            settlement: held(of.settlement)?,
            nominal: held(of.nominal)?,
        })
    });
    Ok(Json(ControlList { days: shown.collect::<Result<_, WorkflowError>>()? }))
}

fn refused(error: CloseError) -> problems::Refused {
    match error {
        CloseError::NotFound => WorkflowError::NotFound.into(),
        CloseError::Failed(error) => error.into(),
        CloseError::Refused(Refusal::Closed) => problems::discrepancy_closed().into(),
        CloseError::Refused(Refusal::Open) => problems::discrepancy_open().into(),
        CloseError::Refused(Refusal::Reason) => {
            problems::fault("/reason", "reason", "От 1 до 500 символов.", "1 to 500 characters.").into()
        }
        CloseError::Refused(Refusal::Who) => problems::fault("/by", "who", "Укажите, кто.", "Say who.").into(),
        CloseError::Refused(Refusal::NotByPosting) => {
            let (ru, en) = ("Проводкой это не закрыть.", "No posting closes it.");
            problems::fault("/against", "not_by_posting", ru, en).into()
        }
        CloseError::Refused(Refusal::Idle { .. }) => {
            let (ru, en) =
                ("Проводить нечего, или счёт тот же самый.", "Nothing is outstanding, or the account is its own.");
            problems::fault("/against", "idle", ru, en).into()
        }
        CloseError::Refused(Refusal::Sum { outstanding, .. }) => {
            let (ru, en) = (
                format!("Осталось провести {outstanding}: объяснения мало."),
                format!("{outstanding} is still to be posted; an explanation will not do."),
            );
            problems::fault("/against", "outstanding", &ru, &en).into()
        }
        CloseError::Refused(Refusal::Money(error)) => WorkflowError::from(error).into(),
    }
}

/// Close a discrepancy
///
/// With a reason; where money is concerned, by a posting of all that is outstanding, in the same commit. It belongs to the day of what it
/// corrects, and stands in the ledger, in statements and in the month's report.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation/discrepancies/{discrepancy}/close",
    operation_id = "close_discrepancy",
    tag = "Operator",
    params(TenantPath, ("discrepancy" = String, Path, description = "Its id.", example = "dis_00000000000000000000000000")),
    request_body = CloseRequest,
    responses((status = 200, description = "As it is now.", body = DiscrepancyView)),
    security(("operator_token" = [])),
)]
pub async fn close(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    Path((_, _, id)): Path<(String, String, String)>,
    web::Json(asked): web::Json<CloseRequest>,
) -> Answer<Json<DiscrepancyView>> {
    let against = asked.against.as_deref().map(|code| {
        let codes = AGAINST.map(Account::code).join(", ");
        let found = AGAINST.into_iter().find(|account| account.code() == code);
        found.ok_or_else(|| {
            problems::fault("/against", "unknown_value", &format!("Допустимы: {codes}."), &format!("One of: {codes}."))
        })
    });
    let action = against.transpose()?.map_or(Action::Explain, Action::Correct);
    let done = close::act(&ports, &tenant, &id, action, (&asked.reason, &asked.by)).await.map_err(refused)?;
    Ok(Json(DiscrepancyView::of(&done)))
}

/// Open a discrepancy again
///
/// What was posted for it is taken back by its reverse, in the same commit.
#[utoipa::path(
    post,
    path = "/v1/operator/partners/{partner}/{mode}/reconciliation/discrepancies/{discrepancy}/reopen",
    operation_id = "reopen_discrepancy",
    tag = "Operator",
    params(TenantPath, ("discrepancy" = String, Path, description = "Its id.", example = "dis_00000000000000000000000000")),
    request_body = ReopenRequest,
    responses((status = 200, description = "As it is now.", body = DiscrepancyView)),
    security(("operator_token" = [])),
)]
pub async fn reopen(
    State(ports): State<Ports>,
    OperatedTenant(tenant): OperatedTenant,
    Path((_, _, id)): Path<(String, String, String)>,
    web::Json(asked): web::Json<ReopenRequest>,
) -> Answer<Json<DiscrepancyView>> {
    let done = close::act(&ports, &tenant, &id, Action::Reopen, (&asked.reason, &asked.by)).await.map_err(refused)?;
    Ok(Json(DiscrepancyView::of(&done)))
}
