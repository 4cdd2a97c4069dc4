//! Bytes of a document in a fiscal drive: it takes no more than [`BYTES_MAX`] (manual, 1.2.6), and what is longer is found out about
//! only after the queue.

use domain::receipt::{Item, Principal, ReceiptDocument};

use super::text::length;

/// Bytes of one document in a drive, at most.
pub const BYTES_MAX: usize = 32_768;
/// Bytes of a tag's number and length.
const TAG: usize = 4;
/// Bytes of what every receipt has beside its items, generously: the owner's name and address, the register's numbers, sums.
const FRAME: usize = 2_048;
/// Bytes of an item's numbers: price, quantity, amount (tags 1079, 1023, 1043, 1200) and the tags of one byte.
const NUMBERS: usize = 4 * (TAG + 8) + 6 * (TAG + 1);
/// Bytes of the results of a marking code's check with the code's own parts (tags 1163, 2106, 2110, 1291, 1260).
const CHECKED: usize = 256;

/// Bytes of a document in a drive, at most: each tag is its number, its length and its value.
pub fn bytes(document: &ReceiptDocument) -> usize {
    let cashier = document.cashier.as_ref().map_or(0, |cashier| TAG + length(&cashier.name));
    FRAME + cashier + document.items.iter().map(item).sum::<usize>()
}

fn item(item: &Item) -> usize {
    let mark = item.mark.as_ref().map_or(0, |mark| CHECKED + TAG + mark.len());
    TAG + TAG + length(&item.name) + NUMBERS + mark + item.principal.as_ref().map_or(0, principal)
}

fn principal(principal: &Principal) -> usize {
    let supplier = &principal.supplier;
    let phones: usize = supplier.phones.iter().map(|phone| TAG + phone.len()).sum();
    // Tags 1226, always 12 bytes, and 1224 with 1171 and 1225 in it.
    TAG + 12 + TAG + phones + TAG + length(&supplier.name)
}
