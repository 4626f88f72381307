//! Sources and clusters by name, under every version.

use crate::support::{AD, CLUSTER, Tried, WORKDAY, send};
use reqwest::Method;
use serde_json::json;

async fn ids(tried: &Tried, path: &str, query: &[(&str, &str)]) -> Vec<String> {
    let list = send(tried.request(Method::GET, path).query(query)).await.ok();
    list.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn sources_and_clusters_are_found_by_name_under_every_version() {
    let tried = Tried::seeded().await;
    let paths = |name: &str| {
        let mut paths = ["beta", "v2024", "v2025", "v2026"].map(|version| format!("/{version}/{name}")).to_vec();
        paths.push(format!("/{name}/v1"));
        paths
    };
    for path in paths("sources") {
        assert_eq!(ids(&tried, &path, &[("filters", r#"name eq "Active Directory""#)]).await, [AD], "{path}");
        assert_eq!(ids(&tried, &path, &[]).await, [AD, WORKDAY]);
    }
    for path in paths("managed-clusters") {
        assert_eq!(ids(&tried, &path, &[("filters", r#"name eq "Training VA""#)]).await, [CLUSTER], "{path}");
        assert!(ids(&tried, &path, &[("filters", r#"name eq "Workday""#)]).await.is_empty());
    }
}

#[tokio::test]
async fn several_names_in_one_call() {
    let tried = Tried::seeded().await;
    for filter in [r#"name eq "Active Directory" or name eq "Workday""#, r#"name in ("Active Directory","Workday")"#] {
        assert_eq!(ids(&tried, "/sources/v1", &[("filters", filter)]).await, [AD, WORKDAY], "{filter}");
    }
}

#[tokio::test]
async fn pages_and_bad_parameters() {
    let tried = Tried::seeded().await;
    assert_eq!(ids(&tried, "/sources/v1", &[("limit", "1")]).await, [AD]);
    assert_eq!(ids(&tried, "/sources/v1", &[("limit", "1"), ("offset", "1")]).await, [WORKDAY]);
    assert!(ids(&tried, "/sources/v1", &[("offset", "9")]).await.is_empty());
    let counted = send(tried.request(Method::GET, "/sources/v1?count=true&limit=1")).await;
    assert_eq!(counted.header("x-total-count"), Some("2"));
    for bad in [("filters", "name eq Workday"), ("filters", ""), ("limit", "251"), ("limit", "x"), ("offset", "-1")] {
        send(tried.request(Method::GET, "/sources/v1").query(&[bad])).await.refused(400);
    }
}

#[tokio::test]
async fn a_renamed_source_is_read_by_its_new_name() {
    let tried = Tried::seeded().await;
    let renamed = json!([{ "id": WORKDAY, "name": "Workday HR", "type": "Workday" }]);
    tried.control(Method::PUT, "sources", Some(renamed)).await;
    let shown = tried.get("/sources/v1").await.ok();
    assert_eq!(shown, json!([{ "id": WORKDAY, "name": "Workday HR", "type": "Workday" }]));
    let list = tried.get("/sim-integrations/v1").await.ok();
    assert_eq!(list[0]["provisioningConfig"]["managedResourceRefs"][0]["name"], "Workday HR");
    tried.control(Method::PUT, "managed-clusters", Some(json!([{ "id": CLUSTER, "name": "Live VA" }]))).await;
    let list = tried.get("/sim-integrations/v1").await.ok();
    assert_eq!(list[0]["clusterRef"]["name"], "Live VA");
}
