//! Stationary registers of a world: machines behind a shop's router whose agents fetch jobs, print, lose answers, die and forget;
//! that run out of paper, do not answer, and let a shift last too long.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connectors::till::device::wire;
use domain::acquiring::Credentials;
use domain::id::Tenant;
use domain::partner::Partner;
use domain::receipt::register::{Register as Contract, RegisterKind};
use domain::receipt::{Ffd, Fiscal};
use domain::time::{Timestamp, plus_seconds};
use sandbox::device::{Agent, Register};
use workflows::ports::Ports;

use super::outside::World;
use super::world::{BASE_URL, wait};

/// Models: who closes a shift that is over differs.
const MODELS: [&str; 3] = ["atol-30f", "modulkassa", "shtrih-on-line"];
/// Jobs an agent takes in one go.
const JOBS_MAX: usize = 20;

/// A register and its agent. Clones share the machine.
#[derive(Clone)]
pub struct Device {
    place: String,
    key: String,
    /// Seconds its clock is ahead.
    skew: i64,
    machine: Arc<Machine>,
}

struct Machine {
    /// What survives everything: the drive, its counters, the shift.
    register: Mutex<Register>,
    /// A job the agent has fetched and not begun.
    held: Mutex<Option<wire::Job>>,
    /// An agent is at work.
    busy: AtomicBool,
    /// Its agent closes a shift that is over.
    closes_shifts: AtomicBool,
    /// Rounds in which nobody is there.
    away: AtomicUsize,
}

/// Whoever works at a machine leaves it free, also by dying.
struct AtWork(Arc<Machine>);

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// In some worlds the partner's receipts are printed by registers in its shops: one, or two of which the second helps out.
pub fn connect(world: &World, ports: &Ports, tenant: &Tenant) -> Vec<Device> {
    let wanted = if world.dice.chance(100) { world.dice.one_of(&[1, 1, 2]) } else { 0 };
    let (ports, tenant, now) = (ports.clone(), tenant.clone(), world.now());
    let places: Vec<String> = (1..=wanted).map(|no| format!("shop-{no}")).collect();
    if places.is_empty() {
        return Vec::new();
    }
    let issued = async move {
        let change = |partner: Option<Partner>| {
            let mut partner = partner?;
            partner.receipts.registers =
                (0..).zip(&places).map(|(priority, place)| contract(place, priority)).collect();
            Some((partner, ()))
        };
        ports.store.change_partner(&tenant, change).await.ok()?;
        let mut keys = Vec::new();
        for place in places {
            let key = workflows::device::issue_key(&ports, &tenant, &place).await.ok()?;
            keys.push((place, key));
        }
        Some(keys)
    };
    let mut devices = Vec::new();
    for (no, (place, key)) in (1..).zip(wait(world, issued).unwrap_or_default()) {
        let Some(register) = Register::new(world.dice.one_of(&MODELS), no, now) else { continue };
        let machine = Machine {
            register: Mutex::new(register),
            held: Mutex::default(),
            busy: AtomicBool::new(false),
            closes_shifts: AtomicBool::new(world.dice.chance(600)),
            away: AtomicUsize::new(0),
        };
        let skew = i64::try_from(world.dice.below(61)).unwrap_or(0) - 30;
        devices.push(Device { place, key, skew, machine: Arc::new(machine) });
    }
    devices
}

fn contract(id: &str, priority: u8) -> Contract {
    Contract {
        id: id.to_owned(),
        kind: RegisterKind::Device,
        ffd: Ffd::V1_2,
        priority,
        enabled: true,
        owner: None,
        group: None,
        address: None,
        credentials: Credentials::default(),
    }
}

impl Device {
    /// What its drive has signed.
    pub fn printed(&self) -> Vec<Fiscal> {
        lock(&self.machine.register).drive.printed().cloned().collect()
    }

    /// Something happens in the shop, or nothing; and perhaps the agent comes for jobs.
    pub fn round(&self, world: &World, ports: &Ports) {
        let (dice, machine) = (&world.dice, &self.machine);
        match dice.below(100) {
            0..=5 => lock(&machine.register).paper ^= true,
            6..=9 => lock(&machine.register).reachable ^= true,
            10..=12 => machine.away.store(1 + dice.below(6), Ordering::Relaxed),
            13..=15 => *lock(&machine.held) = None,
            16..=20 => lock(&machine.register).close_shift(),
            21..=22 => {
                machine.closes_shifts.fetch_xor(true, Ordering::Relaxed);
            }
            _ => {}
        }
        let away = machine.away.load(Ordering::Relaxed);
        machine.away.store(away.saturating_sub(1), Ordering::Relaxed);
        if away == 0 && dice.chance(800) {
            self.serve(world, ports);
        }
    }

    /// Everything is put right, and the agent comes.
    pub fn calm(&self, world: &World, ports: &Ports) {
        {
            let mut register = lock(&self.machine.register);
            (register.paper, register.reachable) = (true, true);
        }
        self.machine.closes_shifts.store(true, Ordering::Relaxed);
        self.serve(world, ports);
    }

    /// Starts an agent, unless one is there.
    fn serve(&self, world: &World, ports: &Ports) {
        if self.machine.busy.swap(true, Ordering::Relaxed) {
            return;
        }
        let at_work = AtWork(Arc::clone(&self.machine));
        world.processes.start(self.clone().work(world.clone(), ports.clone(), at_work));
    }

    fn agent(&self) -> Agent {
        let mut agent = Agent::new(BASE_URL, &self.place, &self.key, lock(&self.machine.register).clone());
        agent.closes_shifts = self.machine.closes_shifts.load(Ordering::Relaxed);
        agent
    }

    fn now(&self, world: &World) -> Timestamp {
        plus_seconds(world.now(), self.skew)
    }

    async fn work(self, world: World, ports: Ports, _at_work: AtWork) {
        let faulty = || world.faulty.load(Ordering::Relaxed);
        if world.dice.chance(300) {
            self.agent().beat(ports.http.as_ref()).await;
        }
        for _ in 0..JOBS_MAX {
            let held = lock(&self.machine.held).take();
            let job = match held {
                Some(job) => job,
                None => match self.agent().fetch(ports.http.as_ref()).await {
                    Ok(Some(job)) => job,
                    Ok(None) | Err(_) => return,
                },
            };
            if faulty() && world.dice.chance(50) {
                // Somebody is at the register: it is printed when they are gone. Or the agent dies with it.
                *lock(&self.machine.held) = Some(job).filter(|_| world.dice.chance(700));
                return;
            }
            let mut agent = self.agent();
            let work = agent.work(job, self.now(&world));
            *lock(&self.machine.register) = agent.register.clone();
            if faulty() && world.dice.chance(50) {
                return; // it dies before anybody is told
            }
            let turn = agent.tell(ports.http.as_ref(), work).await;
            world.dice.note(&format!("{} {turn:?}", self.place));
        }
    }
}
