//! The binary `sailpoint-simulator`: the command line around the library.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to its user")]

use clap::Parser;
use sailpoint_simulator::{
    Client, Config, DEFAULT_CLIENT_ID, DEFAULT_CLIENT_SECRET, DEFAULT_ORG, Seed, Simulator, Switches,
};
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

const EXAMPLES: &str = r#"Examples:
  A tenant with two sources, a cluster, a rule and one integration, at http://127.0.0.1:8080:
    sailpoint-simulator

  A token, and a list:
    TOKEN=$(curl -s http://127.0.0.1:8080/oauth/token -d grant_type=client_credentials \
      -d client_id=5f0c7f5c2f8b4b3f9f6b0c6f7a1d2e3f \
      -d client_secret=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef | jq -r .access_token)
    curl -H "Authorization: Bearer $TOKEN" -H "X-SailPoint-Experimental: true" \
      http://127.0.0.1:8080/v2025/sim-integrations

  A tenant that hides secrets, refuses PATCH and lists late:
    sailpoint-simulator --secret-read-back mask --patch-accepts none --list-lag-ms 2000

  TLS, for clients in a cluster:
    sailpoint-simulator --listen 0.0.0.0:8443 --tls --tls-ca-out ca.pem --tls-name simulator.default.svc

  While it runs (no token needed):
    GET    /_simulator/integrations        what is there in truth, with secretsReceived
    POST   /_simulator/integrations        somebody creates one in the UI
    PATCH  /_simulator/integrations/{id}   somebody edits one in the UI (a JSON merge patch); DELETE deletes it
    GET    /_simulator/requests            every call, filtered by ?method=, ?path= and ?after= (a number); DELETE forgets them
    GET    /_simulator/changes             what became of each integration, by the API or in the UI, ?after= a number
    POST   /_simulator/faults              what goes wrong next; GET shows, DELETE clears
    POST   /_simulator/release             lets every call go on that is held
    PATCH  /_simulator/switches            turns the switches above, named as in {"listLagMs": 2000}; GET shows them
    PUT    /_simulator/{sources,managed-clusters,rules,clients}
    POST   /_simulator/tokens/revoke       every token is a 401 from now on
    POST   /_simulator/reset               as at the start

  The next create is made, and its answer lost:
    curl http://127.0.0.1:8080/_simulator/faults \
      -d '{"method": "POST", "path": "/v2025/sim-integrations", "action": {"kind": "cutAfter"}}'

  Other actions: {"kind": "answer", "status": 503, "headers": {"Retry-After": "60"}, "body": "busy", "commit": true},
  {"kind": "delayBefore", "ms": 500}, {"kind": "delayAfter", "ms": 500}, {"kind": "holdBefore"}, {"kind": "holdAfter"},
  {"kind": "silence"}, {"kind": "cutBefore"}, {"kind": "emptyList"}, {"kind": "shortList", "withoutIds": ["…"], "dropLast": 1}.
  "times" says how often (1; null for always)."#;

/// A SailPoint Identity Security Cloud tenant to test and try against: tokens, SIM integrations, sources, clusters.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES, term_width = 0)]
struct Arguments {
    /// Where to listen; port 0 picks one. The URL is the first line of the output
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Serve TLS with a certificate of a CA made at the start
    #[arg(long)]
    tls: bool,
    /// Write the certificate of that CA to this file
    #[arg(long, value_name = "FILE", requires = "tls")]
    tls_ca_out: Option<PathBuf>,
    /// A further DNS name or IP address for the certificate; may be repeated
    #[arg(long, value_name = "NAME", requires = "tls")]
    tls_name: Vec<String>,
    /// The org of the tenant
    #[arg(long, default_value = DEFAULT_ORG)]
    org: String,
    /// The client id that tokens are issued to
    #[arg(long, value_name = "ID", default_value = DEFAULT_CLIENT_ID)]
    client_id: String,
    /// Its secret
    #[arg(long, value_name = "SECRET", default_value = DEFAULT_CLIENT_SECRET)]
    client_secret: String,
    /// Start with what this JSON file holds (integrations, sources, clusters, rules, clients) in place of the default seed
    #[arg(long, value_name = "FILE")]
    seed: Option<PathBuf>,
    #[command(flatten)]
    switches: Switches,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sailpoint-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let ca_out = arguments.tls_ca_out.clone();
    let simulator = Simulator::start(config(arguments)?).await?;
    if let (Some(path), Some(pem)) = (&ca_out, simulator.ca_pem()) {
        std::fs::write(path, pem).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    println!("{}", simulator.url());
    if let Some(path) = ca_out {
        println!("The certificate of its CA is in {}.", path.display());
    }
    stop_signal().await?;
    simulator.stop().await;
    Ok(())
}

fn config(arguments: Arguments) -> Result<Config, Box<dyn Error>> {
    let seed = match &arguments.seed {
        None => Seed::example(),
        Some(path) => {
            let named = |error: &dyn Error| format!("{}: {error}", path.display());
            let text = std::fs::read(path).map_err(|error| named(&error))?;
            serde_json::from_slice(&text).map_err(|error| named(&error))?
        }
    };
    let (client_id, client_secret) = (arguments.client_id, arguments.client_secret);
    Ok(Config {
        listen: arguments.listen,
        org: arguments.org,
        clients: vec![Client { client_id, client_secret, ..Client::default() }],
        switches: arguments.switches,
        seed,
        tls: arguments.tls,
        tls_names: arguments.tls_name,
    })
}

/// Ctrl-C, or the SIGTERM of a container's end.
async fn stop_signal() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}
