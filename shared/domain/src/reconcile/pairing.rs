//! Who belongs to whom among the transactions of one account: by reference, by operation number, by amount and time.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::ops::Range;

use jiff::civil::Date;

use super::facts::{Movement, Row, Terms, Way, shifted};
use super::finding::CANDIDATES_MAX;
use crate::money::{Currency, Money};
use crate::time::{MOSCOW, Timestamp, plus_seconds};

/// Both sides of one account, and who is whose partner. Members are named by their places in the two lists.
pub(super) struct Pairing<'a> {
    pub ours: &'a [&'a Movement],
    pub theirs: &'a [&'a Row],
    pub partner_of_ours: Vec<Option<usize>>,
    pub partner_of_theirs: Vec<Option<usize>>,
    /// Possible partners of those that have several, at most [`CANDIDATES_MAX`].
    pub rivals_of_ours: HashMap<usize, Vec<usize>>,
    pub rivals_of_theirs: HashMap<usize, Vec<usize>>,
}

impl<'a> Pairing<'a> {
    /// Pairs all that can be paired.
    pub fn of(ours: &'a [&'a Movement], theirs: &'a [&'a Row], terms: &Terms) -> Self {
        let mut pairing = Self {
            ours,
            theirs,
            partner_of_ours: vec![None; ours.len()],
            partner_of_theirs: vec![None; theirs.len()],
            rivals_of_ours: HashMap::new(),
            rivals_of_theirs: HashMap::new(),
        };
        pairing.by(
            |movement| Some((movement.reference.as_deref()?, movement.way)),
            |row| Some((row.reference.as_deref()?, row.way)),
        );
        pairing.by(
            |movement| Some((movement.operation.as_str(), movement.way)),
            |row| Some((row.operation.as_deref()?, row.way)),
        );
        pairing.by_amount(terms);
        pairing
    }

    fn pair(&mut self, ours: usize, theirs: usize) {
        self.partner_of_ours[ours] = Some(theirs);
        self.partner_of_theirs[theirs] = Some(ours);
        self.rivals_of_ours.remove(&ours);
        self.rivals_of_theirs.remove(&theirs);
    }

    /// Pairs what carries the same name.
    fn by<K: Hash + Eq>(
        &mut self,
        name_of_ours: impl Fn(&'a Movement) -> Option<K>,
        name_of_theirs: impl Fn(&'a Row) -> Option<K>,
    ) {
        let mut groups: HashMap<K, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (at, movement) in self.ours.iter().enumerate().filter(|(at, _)| self.partner_of_ours[*at].is_none()) {
            if let Some(name) = name_of_ours(movement) {
                groups.entry(name).or_default().0.push(at);
            }
        }
        for (at, row) in self.theirs.iter().enumerate().filter(|(at, _)| self.partner_of_theirs[*at].is_none()) {
            // What nobody of ours is called is not worth a group.
            if let Some(group) = name_of_theirs(row).and_then(|name| groups.get_mut(&name)) {
                group.1.push(at);
            }
        }
        for (ours, theirs) in groups.into_values() {
            self.group(ours, theirs);
        }
    }

    /// Pairs within a group of one name.
    fn group(&mut self, mut ours: Vec<usize>, mut theirs: Vec<usize>) {
        if let ([one], [other]) = (ours.as_slice(), theirs.as_slice()) {
            return self.pair(*one, *other);
        }
        let (all_ours, all_theirs) = (self.ours, self.theirs);
        let amount = |money: Money| (money.currency().code(), money.minor());
        let operation_of = |at: usize| Some(all_ours[at].operation.as_str());
        let operation_at = |at: usize| all_theirs[at].operation.as_deref();
        // Equal ones are as good as each other: the earlier with the earlier.
        let key_of = |at: usize| Some((operation_of(at)?, amount(all_ours[at].amount)));
        let key_at = |at: usize| Some((operation_at(at)?, amount(all_theirs[at].amount)));
        self.runs(&mut ours, &mut theirs, key_of, key_at, Run::Equal);
        self.runs(&mut ours, &mut theirs, operation_of, operation_at, Run::Single);
        // What carries another operation's number is that one's, not one of these.
        let mut unnumbered: Vec<usize> = theirs.into_iter().filter(|at| all_theirs[*at].operation.is_none()).collect();
        let key_of = |at: usize| Some(amount(all_ours[at].amount));
        let key_at = |at: usize| Some(amount(all_theirs[at].amount));
        self.runs(&mut ours, &mut unnumbered, key_of, key_at, Run::Equal);
        self.runs(&mut ours, &mut unnumbered, |_| Some(()), |_| Some(()), Run::Single);
        if ours.is_empty() || unnumbered.is_empty() {
            return;
        }
        for one in &ours {
            self.rival_of_ours(*one, unnumbered.iter().copied());
        }
        for other in &unnumbered {
            self.rival_of_theirs(*other, ours.iter().copied());
        }
    }

    /// Pairs runs of equal keys, and takes what was paired out of both lists.
    fn runs<K: Ord>(
        &mut self,
        ours: &mut Vec<usize>,
        theirs: &mut Vec<usize>,
        key_of: impl Fn(usize) -> Option<K>,
        key_at: impl Fn(usize) -> Option<K>,
        run: Run,
    ) {
        if ours.is_empty() || theirs.is_empty() {
            return;
        }
        let all = (self.ours, self.theirs);
        ours.sort_by_cached_key(|at| (key_of(*at), all.0[*at].at, *at));
        theirs.sort_by_cached_key(|at| (key_at(*at), all.1[*at].day, *at));
        let (mut left, mut right) = (0, 0);
        while left < ours.len() && right < theirs.len() {
            let (one, other) = (key_of(ours[left]), key_at(theirs[right]));
            match one.cmp(&other) {
                Ordering::Less => left += 1,
                Ordering::Greater => right += 1,
                Ordering::Equal => {
                    let until_left = left + ours[left..].iter().take_while(|at| key_of(**at) == one).count();
                    let until_right = right + theirs[right..].iter().take_while(|at| key_at(**at) == other).count();
                    let (run_left, run_right) = (&ours[left..until_left], &theirs[right..until_right]);
                    let pairs = match run {
                        _ if one.is_none() => 0,
                        Run::Equal => run_left.len().min(run_right.len()),
                        Run::Single => usize::from(run_left.len() == 1 && all_same(run_right, |at| copy(all.1[at]))),
                    };
                    for (one, other) in run_left.iter().zip(run_right).take(pairs) {
                        self.pair(*one, *other);
                    }
                    (left, right) = (until_left, until_right);
                }
            }
        }
        ours.retain(|at| self.partner_of_ours[*at].is_none());
        theirs.retain(|at| self.partner_of_theirs[*at].is_none());
    }

    /// Pairs what nothing names by amount, way and time, where each is the other's one possible partner.
    ///
    /// A row's possible partners lie side by side in one list of ours, sorted by time, so that a row costs two searches however
    /// many there are.
    fn by_amount(&mut self, terms: &Terms) {
        let mut lists: HashMap<Alike<'a>, Vec<(Timestamp, usize)>> = HashMap::new();
        for (at, movement) in self.ours.iter().enumerate().filter(|(at, _)| self.partner_of_ours[*at].is_none()) {
            for alike in Alike::of_movement(movement) {
                lists.entry(alike).or_default().push((movement.at, at));
            }
        }
        for list in lists.values_mut() {
            list.sort_unstable();
        }
        let references: HashSet<&str> = self.ours.iter().filter_map(|movement| movement.reference.as_deref()).collect();
        let mut asks: Vec<(usize, Alike<'a>, Range<usize>)> = Vec::new();
        for (at, row) in self.theirs.iter().enumerate() {
            // An operation number that matched nothing names something else; a reference of ours, something that has its partner.
            let named =
                row.operation.is_some() || row.reference.as_deref().is_some_and(|name| references.contains(name));
            if named || self.partner_of_theirs[at].is_some() {
                continue;
            }
            let alike = Alike::of_row(row);
            let Some(list) = lists.get(&alike) else { continue };
            let (from, until) = window(row, terms);
            let range = list.partition_point(|(at, _)| *at < from)..list.partition_point(|(at, _)| *at < until);
            if !range.is_empty() {
                asks.push((at, alike, range));
            }
        }
        // How many rows each movement may belong to: +1 where a range begins, -1 where it ends.
        let mut steps: HashMap<Alike<'a>, Vec<i32>> = HashMap::new();
        for (_, alike, range) in &asks {
            let length = lists.get(alike).map_or(0, Vec::len);
            let steps = steps.entry(*alike).or_insert_with(|| vec![0; length + 1]);
            steps[range.start] += 1;
            steps[range.end] -= 1;
        }
        let mut askers: HashMap<usize, i32> = HashMap::new();
        for (alike, steps) in steps {
            let mut sum = 0;
            for ((_, at), step) in lists[&alike].iter().zip(steps) {
                sum += step;
                *askers.entry(*at).or_default() += sum;
            }
        }
        for (row, alike, range) in asks {
            let possible = &lists[&alike][range];
            if let [(_, one)] = possible
                && askers.get(one) == Some(&1)
            {
                self.pair(*one, row);
                continue;
            }
            self.rival_of_theirs(row, possible.iter().map(|(_, at)| *at));
            for (_, one) in possible.iter().take(CANDIDATES_MAX) {
                self.rival_of_ours(*one, [row]);
            }
        }
    }

    fn rival_of_ours(&mut self, ours: usize, theirs: impl IntoIterator<Item = usize>) {
        add(self.rivals_of_ours.entry(ours).or_default(), theirs);
    }

    fn rival_of_theirs(&mut self, theirs: usize, ours: impl IntoIterator<Item = usize>) {
        add(self.rivals_of_theirs.entry(theirs).or_default(), ours);
    }
}

fn add(rivals: &mut Vec<usize>, more: impl IntoIterator<Item = usize>) {
    let room = CANDIDATES_MAX.saturating_sub(rivals.len());
    rivals.extend(more.into_iter().take(room));
}

/// What of a run of equal keys is paired.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    /// As many as both sides have.
    Equal,
    /// Only one with one; what is there several times over is one, and its copies are left.
    Single,
}

fn all_same<T: PartialEq>(places: &[usize], of: impl Fn(usize) -> T) -> bool {
    places.windows(2).all(|two| of(two[0]) == of(two[1]))
}

/// What makes two rows copies of each other.
pub(super) type Copied<'a> = (&'a str, &'a str, Way, Money, Date, Option<Timestamp>);

/// What a row and its copies share. A row that names no single operation has no copies: two payments may be alike.
pub(super) fn copy(row: &Row) -> Option<Copied<'_>> {
    let (reference, operation) = (row.reference.as_deref(), row.operation.as_deref());
    if reference.is_none() && operation.is_none() {
        return None;
    }
    Some((reference.unwrap_or(""), operation.unwrap_or(""), row.way, row.amount, row.day, row.at))
}

/// What two transactions without a common name must share. A row that says more is looked for among those that agree with it
/// in that too; one with a reference, only among ours without: two different references are two transactions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Alike<'a> {
    way: Way,
    minor: i64,
    currency: Currency,
    number: Option<&'a str>,
    without_reference: bool,
}

impl<'a> Alike<'a> {
    fn of_row(row: &'a Row) -> Self {
        Self {
            way: row.way,
            minor: row.amount.minor(),
            currency: row.amount.currency(),
            number: row.number.as_deref(),
            without_reference: row.reference.is_some(),
        }
    }

    /// Every list a movement stands in.
    fn of_movement(movement: &'a Movement) -> impl Iterator<Item = Self> {
        let numbers = [None, Some(movement.number.as_str())];
        let kinds = [Some(false), movement.reference.is_none().then_some(true)];
        numbers.into_iter().flat_map(move |number| {
            kinds.into_iter().flatten().map(move |without_reference| Self {
                way: movement.way,
                minor: movement.amount.minor(),
                currency: movement.amount.currency(),
                number,
                without_reference,
            })
        })
    }
}

/// When the partner of a row may have become known, the end not included.
fn window(row: &Row, terms: &Terms) -> (Timestamp, Timestamp) {
    if let Some(at) = row.at {
        return (plus_seconds(at, -terms.window_seconds), plus_seconds(at, terms.window_seconds.saturating_add(1)));
    }
    let days = i16::from(terms.days);
    (midnight(shifted(row.day, -days)), midnight(shifted(row.day, days + 1)))
}

fn midnight(day: Date) -> Timestamp {
    MOSCOW.to_timestamp(day.to_datetime(jiff::civil::Time::midnight())).unwrap_or(Timestamp::MAX)
}
