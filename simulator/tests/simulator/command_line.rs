//! The binary: its first line, its files, its complaints.

use reqwest::Client;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// A running binary, ended with the test.
struct Running {
    child: Child,
    lines: Vec<String>,
}

impl Running {
    /// Starts it on a free port and reads its first lines.
    fn start(arguments: &[&str], lines: usize) -> Self {
        let mut child =
            binary().args(["--listen", "127.0.0.1:0"]).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let lines = output.lines().take(lines).map(Result::unwrap).collect();
        Self { child, lines }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sailpoint-simulator"))
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}", std::process::id()))
}

async fn get(http: &Client, url: &str, path: &str) -> Value {
    http.get(format!("{url}/{path}")).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn the_url_comes_first_and_the_default_seed_is_there() {
    let running = Running::start(&["--org", "globex", "--rate-limit", "7", "--beta-read-id", "false"], 1);
    let http = Client::new();
    let url = &running.lines[0];
    assert_eq!(get(&http, url, "oauth/info").await["tenantName"], "globex");
    assert_eq!(get(&http, url, "_simulator/integrations").await[0]["name"], "Legacy Desk");
    let switches = get(&http, url, "_simulator/switches").await;
    assert_eq!((&switches["rateLimit"], &switches["betaReadId"]), (&json!(7), &json!(false)));
}

#[tokio::test]
async fn flags_and_defaults_of_switches_agree() {
    let running = Running::start(&[], 1);
    let switches = get(&Client::new(), &running.lines[0], "_simulator/switches").await;
    assert_eq!(switches, serde_json::to_value(sailpoint_simulator::Switches::default()).unwrap());
}

#[tokio::test]
async fn a_seed_a_client_and_tls_come_from_flags() {
    let (seed, ca) = (file("seed.json"), file("ca.pem"));
    std::fs::write(&seed, json!({ "integrations": [{ "name": "Seeded" }] }).to_string()).unwrap();
    let client = ["--client-id", "me", "--client-secret", "mine"];
    let files = ["--seed", seed.to_str().unwrap(), "--tls", "--tls-ca-out", ca.to_str().unwrap()];
    let running = Running::start(&[&client[..], &files[..]].concat(), 2);
    assert!(running.lines[1].contains(ca.to_str().unwrap()), "{:?}", running.lines);
    let pem = reqwest::Certificate::from_pem(&std::fs::read(&ca).unwrap()).unwrap();
    let http = Client::builder().tls_certs_only([pem]).build().unwrap();
    assert_eq!(get(&http, &running.lines[0], "_simulator/integrations").await[0]["name"], "Seeded");
    let form = [("grant_type", "client_credentials"), ("client_id", "me"), ("client_secret", "mine")];
    let token = http.post(format!("{}/oauth/token", running.lines[0])).form(&form).send().await.unwrap();
    assert_eq!(token.status(), 200);
    std::fs::remove_file(seed).unwrap();
    std::fs::remove_file(ca).unwrap();
}

#[test]
fn mistakes_are_told() {
    let said = |arguments: &[&str]| {
        let output = binary().args(arguments).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(&["--tls-ca-out", "x"]).contains("--tls"));
    assert!(said(&["--patch-accepts", "some"]).contains("operations"));
    assert!(said(&["--seed", "/nowhere.json"]).contains("/nowhere.json"));
}

#[test]
fn help_names_every_switch() {
    let help = String::from_utf8(binary().arg("--help").output().unwrap().stdout).unwrap();
    let switches = serde_json::to_value(sailpoint_simulator::Switches::default()).unwrap();
    for name in switches.as_object().unwrap().keys() {
        let flag: String = name
            .chars()
            .flat_map(|letter| {
                let dash = letter.is_uppercase().then_some('-');
                dash.into_iter().chain(letter.to_lowercase())
            })
            .collect();
        assert!(help.contains(&format!("--{flag} ")), "{flag}");
    }
    assert!(help.contains("cutAfter"));
}
