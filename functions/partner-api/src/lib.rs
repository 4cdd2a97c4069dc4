//! The partner's API: a partner's server makes orders and reads how they stand, what was told to whom, and what is owed; the
//! operator enrols partners.
//!
//! **Invariant**: every answer is JSON of a shape the OpenAPI document names, every refusal is `application/problem+json` with a
//! stable code, and nothing of one tenant is read before the API key is known to be that tenant's: another tenant's order is
//! answered exactly as one that never was. Deliberately absent: decisions about orders and money (`workflows`, `domain`), the
//! table, and the buyer's pages (`checkout`).
//!
//! ```text
//! request ─▶ access (whose key?) ─▶ query | body ─▶ one workflow ─▶ a view ─▶ answer
//!                                                        └ problems (one error, one status, one code)
//! ```

pub mod access;
pub mod banks;
pub mod clearing;
pub mod concerns;
pub mod couriers;
pub mod debts;
pub mod deliveries;
pub mod devices;
pub mod discrepancies;
pub mod docs;
pub mod examples;
pub mod exchanges;
pub mod files;
pub mod income;
pub mod keys;
pub mod ledger;
pub mod legal;
pub mod letters;
pub mod logo;
pub mod means;
pub mod openapi;
pub mod operator;
pub mod orders;
pub mod outcomes;
pub mod partner;
pub mod payees;
pub mod payments;
pub mod payouts;
pub mod prepaid;
pub mod problems;
pub mod receipts;
pub mod reconciliation;
pub mod refusals;
pub mod reports;
pub mod statistics;
pub mod subscriptions;
pub mod tariffs;
pub mod transfers;
pub mod usage;
pub mod values;
pub mod web;
pub mod webhook;

pub use runtime::query;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, delete, get, patch, post, put};
use runtime::PAPER_BYTES_MAX;
use workflows::ports::Ports;

/// A route and what answers it.
type Route = (&'static str, MethodRouter<Ports>);

/// The routes. The OpenAPI document names exactly these and those of `documents` (a test holds them together).
pub fn routes() -> impl Iterator<Item = Route> {
    partners().into_iter().chain(operators()).chain(pricing()).chain(accountants())
}

fn partners() -> [Route; 53] {
    [
        ("/v1/orders", get(orders::list).post(orders::create)),
        ("/v1/orders/{id}", get(orders::one)),
        ("/v1/orders/{id}/deliveries", get(deliveries::list)),
        ("/v1/orders/{id}/deliveries/{entry}/replay", post(deliveries::replay)),
        ("/v1/orders/{id}/exchanges", get(exchanges::of_order)),
        ("/v1/orders/{id}/ledger", get(ledger::of_order)),
        ("/v1/orders/{id}/capture", post(payments::capture)),
        ("/v1/orders/{id}/cancel", post(payments::cancel)),
        ("/v1/orders/{id}/edit", post(payments::edit)),
        ("/v1/orders/{id}/charge", post(payments::charge)),
        ("/v1/orders/{id}/status", post(payments::status)),
        ("/v1/orders/{id}/terminal", post(payments::terminal)),
        ("/v1/orders/{id}/collect", post(payments::collect)),
        ("/v1/orders/{id}/marks", put(payments::marks)),
        ("/v1/orders/{id}/couriers/{key}", put(couriers::give).delete(couriers::take_back)),
        ("/v1/courier/orders", get(couriers::orders)),
        ("/v1/customers/{customer}/means", get(means::list)),
        ("/v1/customers/{customer}/means/{means}", patch(means::change).delete(means::delete)),
        ("/v1/customers/{customer}/wallet-link", post(means::wallet_link)),
        ("/v1/subscriptions", get(subscriptions::list).post(subscriptions::create)),
        ("/v1/subscriptions/{id}", get(subscriptions::one)),
        ("/v1/subscriptions/{id}/cancel", post(subscriptions::cancel)),
        ("/v1/subscriptions/{id}/resume", post(subscriptions::resume)),
        ("/v1/banks", get(banks::catalogue)),
        ("/v1/devices/models", get(devices::models)),
        ("/v1/accounts", get(banks::accounts)),
        ("/v1/payment-settings", get(banks::read_settings).put(banks::settings)),
        ("/v1/exchanges", get(exchanges::list)),
        ("/v1/exchanges.ndjson", get(exchanges::export)),
        ("/v1/ledger", get(ledger::of_month)),
        ("/v1/ledger/days", get(ledger::days)),
        ("/v1/ledger/statement", get(ledger::statement)),
        ("/v1/clearing", get(clearing::read)),
        ("/v1/clearing.csv", get(clearing::file)),
        ("/v1/statistics", get(statistics::read)),
        ("/v1/statistics.csv", get(statistics::file)),
        ("/v1/reports", get(reports::list)),
        ("/v1/reports/{month}", get(reports::one)),
        ("/v1/usage", get(usage::read)),
        ("/v1/balance", get(ledger::balance)),
        ("/v1/payouts", get(payouts::list).post(payouts::request)),
        ("/v1/payouts/{id}", get(payouts::one)),
        ("/v1/payouts/{id}/payment-order.txt", get(payouts::file)),
        ("/v1/invoices", get(debts::list)),
        ("/v1/webhook", get(webhook::read).put(webhook::set).delete(webhook::remove)),
        ("/v1/partner", get(partner::read)),
        ("/v1/partner/keys", get(keys::list_own).post(keys::issue_to_courier)),
        ("/v1/partner/keys/{key}", delete(keys::revoke_own)),
        ("/v1/partner/receipts", get(receipts::read).put(receipts::set)),
        ("/openapi.json", get(docs::document)),
        ("/docs", get(docs::page)),
        ("/openapi-operator.json", get(docs::operators_document)),
        ("/docs/operator", get(docs::operators_page)),
    ]
}

fn operators() -> [Route; 25] {
    [
        // Whoever is not the operator learns nothing, not even the method.
        ("/v1/operator/partners", post(operator::enrol).fallback(problems::nowhere)),
        ("/v1/operator/partners/{partner}/{mode}/accounts", put(banks::connect_accounts).fallback(problems::nowhere)),
        (
            "/v1/operator/partners/{partner}/{mode}/registers",
            get(receipts::list).put(receipts::connect).fallback(problems::nowhere),
        ),
        ("/v1/operator/orders/{id}/receipts/{no}/correct", post(receipts::correct).fallback(problems::nowhere)),
        ("/v1/operator/partners/{partner}/{mode}/charges", put(banks::freeze).fallback(problems::nowhere)),
        ("/v1/operator/partners/{partner}/{mode}/keys", get(keys::list).post(keys::issue).fallback(problems::nowhere)),
        ("/v1/operator/partners/{partner}/{mode}/keys/{key}", delete(keys::revoke).fallback(problems::nowhere)),
        (
            "/v1/operator/partners/{partner}/{mode}/subscriptions/{id}/cancel",
            post(subscriptions::cancel_by_operator).fallback(problems::nowhere),
        ),
        (
            "/v1/operator/partners/{partner}/{mode}/registers/{register}/device-key",
            post(devices::issue_key).fallback(problems::nowhere),
        ),
        (
            "/v1/operator/partners/{partner}/{mode}/registers/{register}/device",
            get(devices::look).fallback(problems::nowhere),
        ),
        (
            "/v1/operator/partners/{partner}/{mode}/registers/{register}/jobs/{job}",
            get(devices::job).fallback(problems::nowhere),
        ),
        (
            "/v1/operator/partners/{partner}/{mode}/registers/{register}/jobs/{job}/not-printed",
            post(devices::not_printed).fallback(problems::nowhere),
        ),
        ("/v1/operator/payment-orders/{number}/outcome", post(outcomes::record).fallback(problems::nowhere)),
        (
            "/v1/operator/statements",
            post(outcomes::load).fallback(problems::nowhere).layer(DefaultBodyLimit::max(PAPER_BYTES_MAX)),
        ),
        ("/v1/operator/payouts/overdue", get(transfers::overdue).fallback(problems::nowhere)),
        ("/v1/operator/wallets/{operator}/registry.csv", get(transfers::registry).fallback(problems::nowhere)),
        ("/v1/operator/wallets/{operator}/outcomes", post(transfers::load).fallback(problems::nowhere)),
        ("/v1/operator/income-tax/{year}/register.csv", get(income::register).fallback(problems::nowhere)),
        ("/v1/operator/income-tax/{year}/quarters/{quarter}", get(income::report).fallback(problems::nowhere)),
        (
            "/v1/operator/income-tax/remittances",
            get(income::remittances).post(income::remit).fallback(problems::nowhere),
        ),
        (
            "/v1/operator/income-tax/remittances/{number}/payment-order.txt",
            get(income::payment_order).fallback(problems::nowhere),
        ),
        (
            "/v1/operator/partners/{partner}/{mode}/reports/{month}/letters",
            get(letters::look).post(letters::send).fallback(problems::nowhere),
        ),
        ("/v1/operator/receipts", get(concerns::list).fallback(problems::nowhere)),
        ("/v1/operator/exchanges", get(exchanges::list_any).fallback(problems::nowhere)),
        ("/v1/operator/exchanges.ndjson", get(exchanges::export_any).fallback(problems::nowhere)),
    ]
}

fn pricing() -> [Route; 10] {
    [
        ("/tariffs", get(tariffs::page)),
        ("/v1/tariffs", get(tariffs::list)),
        ("/v1/partner/tariff", get(tariffs::own)),
        ("/v1/partner/tariff/month", post(tariffs::pay_month)),
        ("/v1/partner/promo-codes", post(tariffs::activate)),
        ("/v1/prepaid", get(prepaid::read).post(prepaid::move_available)),
        ("/v1/operator/tariffs/{tariff}/versions/{no}", put(tariffs::publish).fallback(problems::nowhere)),
        ("/v1/operator/promo-codes/{code}", put(tariffs::make_promo).fallback(problems::nowhere)),
        ("/v1/operator/partners/{partner}/{mode}/tariff", put(tariffs::assign).fallback(problems::nowhere)),
        ("/v1/operator/partners/{partner}/{mode}/prepaid", post(prepaid::pay_in).fallback(problems::nowhere)),
    ]
}

/// What the operator's accountant reconciles with, and what suppliers are paid for.
fn accountants() -> [Route; 12] {
    let hidden = |methods: MethodRouter<Ports>| methods.fallback(problems::nowhere);
    let paper = |methods: MethodRouter<Ports>| hidden(methods).layer(DefaultBodyLimit::max(PAPER_BYTES_MAX));
    [
        ("/v1/operator/partners/{partner}/{mode}/usage", hidden(get(usage::of_partner))),
        ("/v1/operator/supplier-prices", hidden(get(usage::prices).put(usage::set_prices))),
        (
            "/v1/operator/partners/{partner}/{mode}/reconciliation",
            hidden(get(reconciliation::read).put(reconciliation::set)),
        ),
        (
            "/v1/operator/partners/{partner}/{mode}/reconciliation/registries/{account}",
            paper(post(reconciliation::load_registry)),
        ),
        (
            "/v1/operator/partners/{partner}/{mode}/reconciliation/reports/{register}",
            paper(post(reconciliation::load_report)),
        ),
        ("/v1/operator/partners/{partner}/{mode}/reconciliation/papers", hidden(get(reconciliation::list_papers))),
        (
            "/v1/operator/partners/{partner}/{mode}/reconciliation/runs",
            hidden(get(reconciliation::list_runs).post(reconciliation::compare)),
        ),
        ("/v1/operator/partners/{partner}/{mode}/reconciliation/control", hidden(get(reconciliation::control))),
        ("/v1/operator/partners/{partner}/{mode}/reconciliation/discrepancies", hidden(get(discrepancies::list))),
        (
            "/v1/operator/partners/{partner}/{mode}/reconciliation/discrepancies/{discrepancy}",
            hidden(get(discrepancies::one)),
        ),
        (
            "/v1/operator/partners/{partner}/{mode}/reconciliation/discrepancies/{discrepancy}/close",
            hidden(post(reconciliation::close)),
        ),
        (
            "/v1/operator/partners/{partner}/{mode}/reconciliation/discrepancies/{discrepancy}/reopen",
            hidden(post(reconciliation::reopen)),
        ),
    ]
}

/// The API behind the door.
pub fn router(ports: Ports) -> Router {
    let routed = routes().fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    routed.with_state(ports)
}
