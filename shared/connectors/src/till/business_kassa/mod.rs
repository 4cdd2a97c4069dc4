//! Бизнес.Ру Чеки (`BusinessKassa`), its own open API: commands to a register, signed with MD5, roubles as numbers. The dialect of
//! АТОЛ v4 it also speaks is another family.
//!
//! Documents: «Open API» at app.swaggerhub.com/apis/Business.Ru/check.business.ru (`/v1` prints FFD 1.05, `/v2` FFD 1.2), and the
//! vendor's own client business-ru/open-api-sdk-php with its published examples.
//!
//! Credentials of a register: `app_id` and `secret` of an integration («ID приложения», «Секретный ключ»).
//!
//! A command is known by the vendor's number only; our external id is its receipt number, `c_num`, and the list of commands can be
//! asked by it. The vendor does not say that a `c_num` is taken once. So the list is asked before every command, and the command's
//! `nonce` («уникальный идентификатор команды») is made of the external id and of how many commands it has had: a repeated command
//! is the same command to the vendor.
//!
//! The vendor says not what its numbers of `status` and `result` mean. As its public clients do, a command with fiscal attributes
//! is taken as printed; one that has a date and words of its result but no attributes, as failed; what failed is told by words.
//!
//! Chosen where the documents are silent: `agent_info.type` is tag 1222; calculated rates are 105, 107, 110, 120 and 122.
//! What it can not do, because its public words end there: corrections, marking codes, parts of marked units, deposits, measures
//! besides pieces in FFD 1.2 and quantities with more than three decimals (such documents go to another register); the place of
//! settlement (set in the cabinet). Nothing is told by itself.

mod client;
pub mod translate;
pub mod wire;

pub use client::BusinessKassaTill;
use domain::receipt::Ffd;

/// Where the vendor answers for a version of the format.
pub const fn address(ffd: Ffd) -> &'static str {
    match ffd {
        Ffd::V1_05 => "https://check.business.ru/open-api/v1",
        Ffd::V1_2 => "https://check.business.ru/open-api/v2",
    }
}
