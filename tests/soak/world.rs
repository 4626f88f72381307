//! All that the actors share.

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::cluster::Cluster;
use crate::crew::Crew;
use crate::dice::Dice;
use crate::ledger::Ledger;
use crate::record::Record;
use crate::secrets::password;
use crate::settings::Settings;
use crate::support::crds;
use crate::tenants::{self, ACCOUNTS, CREDENTIALS, NAMESPACES, Site};
use crate::wanted::SECRET;

/// The cluster, the tenants, the operators, and what is known of each.
pub struct World {
    pub settings: Settings,
    pub cluster: Cluster,
    pub sites: Vec<Site>,
    pub crew: Mutex<Crew>,
    pub ledger: Ledger,
    pub record: Record,
    /// When faults stop.
    pub end: Instant,
}

impl World {
    /// Everything in its place and one operator running.
    pub async fn new(settings: Settings) -> Self {
        let cluster = Cluster::new().await;
        crds::install();
        let sites = tenants::start(&mut Dice::new(settings.seed, "tenants")).await;
        let ledger = Ledger::default();
        for namespace in NAMESPACES {
            cluster.create_namespace(namespace).await;
            cluster.put_secret(namespace, SECRET, &[("password", password(0))]).await;
            ledger.open().passwords.insert(namespace, password(0));
        }
        for account in &ACCOUNTS {
            cluster.put_secret(account.namespace, CREDENTIALS, &account.credentials()).await;
            let url = sites[account.site].tenant.read().await.url().to_owned();
            cluster.apply(&account.manifest(&url)).await.unwrap();
        }
        let crew = Crew::new(settings.seed % 2 == 1).await;
        let record = Record::new(sites.len());
        let end = Instant::now() + settings.faults;
        Self { settings, cluster, sites, crew: Mutex::new(crew), ledger, record, end }
    }

    pub fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }

    /// Waits so long, but not past the end.
    pub async fn rest(&self, wait: std::time::Duration) {
        sleep(wait.min(self.end.saturating_duration_since(Instant::now()))).await;
    }
}
