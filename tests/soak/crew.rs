//! The operators: hired, killed, suspended, and all that they said.

use std::net::TcpListener;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::settings::{ELECTION, FLAGS};
use crate::support::gate::Gate;
use crate::support::process::Operator;

/// One process.
struct Hand {
    operator: Operator,
    number: usize,
}

/// The operators that run, and what those said that have gone.
pub struct Crew {
    /// Those hired from now on work only while they hold the Lease; else all work at once.
    pub elects: bool,
    /// Between them and Kubernetes.
    pub gate: Gate,
    kubeconfig: PathBuf,
    hands: Vec<Hand>,
    hired: usize,
    said: Vec<String>,
    /// When something befell any of them, and how many ran from then on.
    pub timeline: Vec<(Timestamp, usize)>,
    /// What those said last that ended by themselves.
    pub last_words: Vec<String>,
}

impl Crew {
    /// One that works.
    pub async fn new(elects: bool) -> Self {
        let (gate, kubeconfig) = Gate::before_kubernetes().await;
        let mut crew = Self {
            elects,
            gate,
            kubeconfig,
            hands: Vec::new(),
            hired: 0,
            said: Vec::new(),
            timeline: Vec::new(),
            last_words: Vec::new(),
        };
        crew.hire();
        crew
    }

    /// How many run.
    pub fn count(&self) -> usize {
        self.hands.len()
    }

    /// Starts one more.
    pub fn hire(&mut self) {
        self.hired += 1;
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("--listen=127.0.0.1:{port}");
        let election = if self.elects { ELECTION.as_slice() } else { &["--leader-elect=false"] };
        let arguments: Vec<&str> = ["run", &listen].into_iter().chain(FLAGS).chain(election.iter().copied()).collect();
        self.hands.push(Hand { operator: Operator::start_as(&self.kubeconfig, &arguments, &[]), number: self.hired });
        self.mark();
    }

    /// One dies as with its node.
    pub fn kill(&mut self, which: usize) {
        let mut hand = self.hands.remove(which);
        hand.operator.kill();
        self.bury(&hand);
    }

    /// One is told to end, as Kubernetes tells it; it has gone when this comes back.
    pub async fn end(&mut self, which: usize) {
        let mut hand = self.hands.remove(which);
        if hand.operator.exit_status().is_none() {
            hand.operator.terminate().await;
        }
        self.bury(&hand);
    }

    /// One stops, as on a frozen node; false if it had ended by itself.
    pub fn suspend(&mut self, which: usize) -> bool {
        let runs = self.hands[which].operator.exit_status().is_none();
        if runs {
            self.hands[which].operator.suspend();
            self.mark();
        }
        runs
    }

    /// All run on.
    pub fn resume(&mut self) {
        for hand in &mut self.hands {
            if hand.operator.exit_status().is_none() {
                hand.operator.resume();
            }
        }
        self.mark();
    }

    /// Starts those again that ended by themselves, as Kubernetes does; how many.
    pub fn tend(&mut self) -> usize {
        let ended: Vec<usize> =
            (0..self.hands.len()).filter(|i| self.hands[*i].operator.exit_status().is_some()).collect();
        for which in ended.iter().rev() {
            let hand = self.hands.remove(*which);
            self.last_words.push(hand.operator.lines().last().cloned().unwrap_or_default());
            self.bury(&hand);
            self.hire();
        }
        ended.len()
    }

    fn bury(&mut self, hand: &Hand) {
        let said = hand.operator.lines().into_iter();
        self.said.extend(said.map(|line| format!("{line} [operator {}]", hand.number)));
        self.mark();
    }

    fn mark(&mut self) {
        self.timeline.push((Timestamp::now(), self.hands.len()));
    }

    /// All that was ever said.
    pub fn said(&self) -> Vec<String> {
        let now = self.hands.iter().flat_map(|hand| {
            let number = hand.number;
            hand.operator.lines().into_iter().map(move |line| format!("{line} [operator {number}]"))
        });
        self.said.iter().cloned().chain(now).collect()
    }
}
