//! The budget under a clock that only the tests move.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use tokio::time::{Instant, advance, sleep, timeout};

use super::{Budget, PATIENCE, Slot, WINDOW};
use crate::sailpoint::{Class, Purpose};

const LIMIT: Duration = Duration::from_secs(30);
const MOMENT: Duration = Duration::from_millis(1);

async fn spent(budget: &Budget) {
    let mut slot = budget.take(Class::Look).await;
    slot.send(LIMIT).unwrap();
    slot.answered();
}

/// Whether a slot is to be had without waiting.
async fn is_free(budget: &Budget) -> bool {
    timeout(Duration::ZERO, budget.take(Class::Look)).await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn a_slot_comes_back_ten_seconds_after_its_answer() {
    let budget = Budget::warmed_up(1);
    let mut slot = budget.take(Class::Look).await;
    slot.send(LIMIT).unwrap();
    sleep(Duration::from_secs(4)).await;
    slot.answered();
    sleep(WINDOW.saturating_sub(MOMENT)).await;
    assert!(!is_free(&budget).await);
    sleep(MOMENT).await;
    assert!(is_free(&budget).await);
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_was_never_sent_comes_back_at_once() {
    let budget = Budget::warmed_up(1);
    drop(budget.take(Class::Look).await);
    assert!(is_free(&budget).await);
}

#[tokio::test(start_paused = true)]
async fn a_call_given_up_counts_until_its_answer_could_have_come() {
    let budget = Budget::warmed_up(1);
    let mut slot = budget.take(Class::Look).await;
    slot.send(LIMIT).unwrap();
    drop(slot);
    sleep(LIMIT + WINDOW.saturating_sub(MOMENT)).await;
    assert!(!is_free(&budget).await);
    sleep(MOMENT).await;
    assert!(is_free(&budget).await);
}

#[tokio::test(start_paused = true)]
async fn a_new_process_spends_a_fifth_in_its_first_ten_seconds() {
    let budget = Budget::new(10);
    sleep(Duration::from_mins(1)).await;
    spent(&budget).await;
    spent(&budget).await;
    assert!(!is_free(&budget).await);
    sleep(WINDOW.saturating_sub(MOMENT)).await;
    assert!(!is_free(&budget).await);
    sleep(MOMENT).await;
    for _ in 0..10 {
        timeout(Duration::ZERO, spent(&budget)).await.unwrap();
    }
    assert!(!is_free(&budget).await);
}

#[tokio::test(start_paused = true)]
async fn a_higher_limit_lets_waiters_go() {
    let budget = Budget::warmed_up(0);
    let _held = budget.take(Class::Look).await;
    let waiter = tokio::spawn({
        let budget = budget.clone();
        async move { budget.take(Class::Look).await }
    });
    sleep(MOMENT).await;
    assert_eq!(budget.waiting(), 1);
    budget.set_limit(2);
    drop(timeout(MOMENT, waiter).await.unwrap().unwrap());
    assert_eq!(budget.waiting(), 0);
}

/// Takes one slot after another for waiters of these classes, who came in this order; who got them in turn.
async fn order_of(classes: &[Class], between: Duration) -> Vec<Class> {
    let budget = Budget::warmed_up(1);
    let held = budget.take(Class::Look).await;
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut waiters = Vec::new();
    for &class in classes {
        let (budget, served) = (budget.clone(), Arc::clone(&served));
        waiters.push(tokio::spawn(async move {
            let _slot = budget.take(class).await;
            served.lock().unwrap().push(class);
        }));
        sleep(between).await;
    }
    drop(held);
    for waiter in waiters {
        waiter.await.unwrap();
    }
    served.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn classes_go_in_order() {
    let order = [
        Class::Token,
        Class::List(Purpose::DeleteOrCreate),
        Class::Delete,
        Class::List(Purpose::Update),
        Class::Update,
        Class::List(Purpose::Look),
        Class::Look,
    ];
    let mut reversed = order;
    reversed.reverse();
    assert_eq!(order_of(&reversed, MOMENT).await, order);
    assert_eq!(order_of(&[Class::Create, Class::Delete], MOMENT).await, [Class::Create, Class::Delete]);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever() {
    assert_eq!(order_of(&[Class::Look, Class::Delete], PATIENCE).await, [Class::Look, Class::Delete]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_stops_all_and_the_longest_stands() {
    let budget = Budget::warmed_up(10);
    let mut early = budget.take(Class::Create).await;
    let end = Instant::now() + Duration::from_mins(20);
    budget.pause(end);
    budget.pause(Instant::now() + Duration::from_secs(1));
    let until = budget.paused_until().unwrap();
    assert!(until >= end && until <= end + Duration::from_millis(250));
    assert_eq!(early.send(LIMIT).unwrap_err(), until);
    let slot = budget.take(Class::Token).await;
    assert_eq!(Instant::now(), until);
    assert_eq!(budget.paused_until(), None);
    drop(slot);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_who_leaves_loses_no_slot() {
    let budget = Budget::warmed_up(1);
    let held = budget.take(Class::Look).await;
    let leaver = tokio::spawn({
        let budget = budget.clone();
        async move { drop(budget.take(Class::Token).await) }
    });
    sleep(MOMENT).await;
    // Granted by this drop, and gone before it could notice.
    drop(held);
    leaver.abort();
    leaver.await.unwrap_err();
    assert!(is_free(&budget).await);
}

/// How a simulated call goes: when it wants a slot, how long its answer takes, when the server counts it (per mille of
/// the time in which it may), whether the caller gives up at half.
type Call = (u64, u64, u64, bool);

async fn simulated(budget: Budget, (start, takes, counted, gives_up): Call) -> Instant {
    sleep(Duration::from_millis(start)).await;
    let mut slot: Slot = budget.take(if start % 2 == 0 { Class::Update } else { Class::Look }).await;
    let sent = Instant::now();
    let limit = Duration::from_secs(5);
    slot.send(limit).unwrap();
    let takes = Duration::from_millis(takes).min(limit);
    if gives_up {
        sleep(takes / 2).await;
        drop(slot);
        return sent + limit * u32::try_from(counted).unwrap() / 1000;
    }
    sleep(takes).await;
    slot.answered();
    sent + takes * u32::try_from(counted).unwrap() / 1000
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_window_of_the_server_holds_more_than_the_limit(
        limit in 1_usize..6,
        calls in prop::collection::vec((0_u64..40_000, 0_u64..6000, 0_u64..=1000, any::<bool>()), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let arrivals = runtime.block_on(async {
            let budget = Budget::warmed_up(limit);
            let calls = calls.into_iter().map(|call| simulated(budget.clone(), call));
            let mut arrivals = futures::future::join_all(calls).await;
            arrivals.sort_unstable();
            // All is given back in the end.
            advance(LIMIT).await;
            for _ in 0..limit {
                timeout(Duration::ZERO, spent(&budget)).await.unwrap();
            }
            arrivals
        });
        for pair in arrivals.windows(limit + 1) {
            prop_assert!(pair[limit] - pair[0] >= WINDOW, "{:?}", pair[limit] - pair[0]);
        }
    }
}
