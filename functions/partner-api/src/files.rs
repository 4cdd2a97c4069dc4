//! Orders as files for other programs: made by the function `documents`; what stands here is how the API's document names them.

/// Download orders for 1С
///
/// Orders made on some days (Moscow), newest first, as `CommerceML` 2.10: a document each, with buyer, lines, VAT, delivery and payment. At
/// most 500 orders or 4 MB at once: while there are more, the `Link` header has the next page's address. A page may be short, even empty,
/// and still have one.
#[utoipa::path(
    get,
    path = "/v1/orders.xml",
    operation_id = "orders_commerceml",
    tag = "Orders",
    params(
        ("from" = Option<String>, Query, description = "The first day, `YYYY-MM-DD`; the first of the last day's month when left out.", example = "2026-11-01"),
        ("until" = Option<String>, Query, description = "The last day; today when left out. 366 days at most.", example = "2026-11-30"),
        ("limit" = Option<u32>, Query, description = "1 to 500 orders, 500 when left out.", minimum = 1, maximum = 500, example = 500),
        ("cursor" = Option<String>, Query, description = "Stands in the address of `Link`."),
    ),
    responses((status = 200, description = "The file.", body = String, content_type = "application/xml; charset=utf-8",
        headers(
            ("Content-Disposition" = String, description = "An attachment with a name."),
            ("Link" = String, description = "`<address>; rel=\"next\"` while there are more."),
        ))),
    security(("api_key" = [])),
)]
pub const fn document() {}

/// Download orders for spreadsheets
///
/// Orders made on some days (Moscow), newest first: state, sums as the books have them, when the money is available and which payment order
/// carried it. UTF-8 with a mark, semicolons, decimal commas. At most 2 000 orders at once: while there are more, the `Link` header has the
/// next page's address. A page may be short, even empty, and still have one.
#[utoipa::path(
    get,
    path = "/v1/orders.csv",
    operation_id = "orders_file",
    tag = "Orders",
    params(
        ("from" = Option<String>, Query, description = "The first day, `YYYY-MM-DD`; the first of the last day's month when left out.", example = "2026-11-01"),
        ("until" = Option<String>, Query, description = "The last day; today when left out. 366 days at most.", example = "2026-11-30"),
        ("limit" = Option<u32>, Query, description = "1 to 2 000 orders, 2 000 when left out.", minimum = 1, maximum = 2000, example = 2000),
        ("cursor" = Option<String>, Query, description = "Stands in the address of `Link`."),
    ),
    responses((status = 200, description = "The file.", body = String, content_type = "text/csv; charset=utf-8",
        headers(
            ("Content-Disposition" = String, description = "An attachment with a name."),
            ("Link" = String, description = "`<address>; rel=\"next\"` while there are more."),
        ))),
    security(("api_key" = [])),
)]
pub const fn table() {}
