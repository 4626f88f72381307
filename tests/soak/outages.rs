//! What befalls tenants and Secrets: outages, credentials that are wrong or gone, passwords that change.

use crate::dice::{Deck, Dice};
use crate::secrets::{client_secret, password};
use crate::tenants::{ACCOUNTS, CREDENTIALS, NAMESPACES};
use crate::wanted::SECRET;
use crate::world::World;

#[derive(Clone, Copy)]
enum Kind {
    /// The tenant is down.
    Outage,
    /// Somebody mistypes the credentials.
    WrongCredentials,
    /// Somebody removes them.
    NoCredentials,
    /// Somebody removes the Secret with a password, and puts it back with the same.
    NoPassword,
    /// Somebody changes it.
    NewPassword,
}

const ALL: [Kind; 6] =
    [Kind::Outage, Kind::WrongCredentials, Kind::NoCredentials, Kind::NoPassword, Kind::NewPassword, Kind::NewPassword];

/// Brings them until the end. Each is over before the next begins.
pub async fn strike(world: &World) {
    let mut all = Dice::new(world.settings.seed, "outages");
    let mut deck = Deck::new(&ALL);
    let mut passwords = 0;
    while !world.is_over() {
        let mut dice = all.throw();
        let kind = deck.deal(&mut all);
        world.rest(dice.millis(1_000..6_000)).await;
        match kind {
            Kind::Outage => outage(world, &mut dice).await,
            Kind::WrongCredentials => credentials(world, &mut dice, "credentials wrong").await,
            Kind::NoCredentials => credentials(world, &mut dice, "credentials removed").await,
            Kind::NoPassword => no_password(world, &mut dice).await,
            Kind::NewPassword => {
                passwords += 1;
                new_password(world, &mut dice, passwords).await;
            }
        }
    }
}

async fn outage(world: &World, dice: &mut Dice) {
    let site = &world.sites[dice.below(world.sites.len())];
    let mut tenant = site.tenant.write().await;
    world.ledger.befell("tenant down", &format!("{} is down", site.org));
    tenant.fail().await;
    world.rest(dice.millis(500..3_000)).await;
    tenant.recover().await;
    world.ledger.tell("", format!("{} is up again", site.org));
}

async fn credentials(world: &World, dice: &mut Dice, kind: &'static str) {
    let account = &ACCOUNTS[dice.below(ACCOUNTS.len())];
    world.ledger.befell(kind, &format!("{kind}: {}", account.name));
    if kind == "credentials wrong" {
        let wrong = [("clientId", account.client_id()), ("clientSecret", client_secret(99))];
        world.cluster.put_secret(account.namespace, CREDENTIALS, &wrong).await;
    } else {
        world.cluster.remove_secret(account.namespace, CREDENTIALS).await;
    }
    world.rest(dice.millis(500..4_000)).await;
    world.cluster.put_secret(account.namespace, CREDENTIALS, &account.credentials()).await;
    world.ledger.tell("", format!("the credentials of {} are right again", account.name));
}

async fn no_password(world: &World, dice: &mut Dice) {
    let namespace = dice.pick(&NAMESPACES);
    world.ledger.befell("Secret removed", &format!("the password in {namespace} is removed"));
    world.cluster.remove_secret(namespace, SECRET).await;
    world.rest(dice.millis(500..4_000)).await;
    let password = world.ledger.open().passwords[namespace].clone();
    world.cluster.put_secret(namespace, SECRET, &[("password", password)]).await;
    world.ledger.tell("", format!("the password in {namespace} is back"));
}

async fn new_password(world: &World, dice: &mut Dice, number: usize) {
    let namespace = dice.pick(&NAMESPACES);
    world.ledger.befell("password changed", &format!("the password in {namespace} is now number {number}"));
    world.ledger.open().passwords.insert(namespace, password(number));
    world.cluster.put_secret(namespace, SECRET, &[("password", password(number))]).await;
}
