//! The harness itself: every test gets a working Kubernetes API to itself.

#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod support;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{ListParams, ObjectMeta, PostParams};
use kube::{Api, Error};

use support::control_plane::{Sandbox, client_from, service_account_kubeconfig};

async fn create_config_map(sandbox: &Sandbox, value: &str) {
    let config_map = ConfigMap {
        metadata: ObjectMeta { name: Some("greeting".to_owned()), ..ObjectMeta::default() },
        data: Some(BTreeMap::from([("text".to_owned(), value.to_owned())])),
        ..ConfigMap::default()
    };
    sandbox.api::<ConfigMap>().create(&PostParams::default(), &config_map).await.unwrap();
}

#[tokio::test]
async fn what_the_client_creates_kubectl_reads() {
    let sandbox = Sandbox::new().await;
    create_config_map(&sandbox, "from the client").await;

    let seen = sandbox.kubectl(&["get", "configmap", "greeting", "-o", "jsonpath={.data.text}"]);

    assert_eq!(seen.as_deref(), Ok("from the client"));
}

#[tokio::test]
async fn what_kubectl_applies_the_client_reads() {
    let sandbox = Sandbox::new().await;
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting}\ndata: {text: applied}\n";
    sandbox.apply(manifest).unwrap();

    let seen = sandbox.api::<ConfigMap>().get("greeting").await.unwrap();

    assert_eq!(seen.data.unwrap()["text"], "applied");
}

#[tokio::test]
async fn tests_do_not_meet_in_a_namespace() {
    let (mine, other) = (Sandbox::new().await, Sandbox::new().await);
    create_config_map(&other, "not mine").await;

    assert_ne!(mine.namespace, other.namespace);
    assert!(mine.api::<ConfigMap>().get_opt("greeting").await.unwrap().is_none());
}

#[tokio::test]
async fn a_service_account_has_no_rights_but_those_it_was_given() {
    let sandbox = Sandbox::new().await;
    sandbox.kubectl(&["create", "serviceaccount", "limited"]).unwrap();

    let limited = client_from(&service_account_kubeconfig(&sandbox.namespace, "limited")).await;
    let refused = Api::<ConfigMap>::namespaced(limited, &sandbox.namespace).list(&ListParams::default()).await;

    assert!(matches!(refused, Err(Error::Api(status)) if status.is_forbidden()));
}
