//! A seed is a history: run twice it is the same to the last byte, and after it the audit finds nothing.

use local::simulate::simulate_world;

#[test]
fn a_seed_replays_to_the_byte_and_breaks_no_rule() {
    let (first, again) = (simulate_world(7, 20), simulate_world(7, 20));
    assert_eq!(first.findings, Vec::<String>::new());
    assert_eq!(first.trace, again.trace);
    assert!(first.crashes > 0 && first.faults > 0, "a world without faults proves little");
    assert_ne!(first.trace, simulate_world(8, 20).trace);
}
