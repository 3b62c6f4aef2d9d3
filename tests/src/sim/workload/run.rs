//! Many clients at once on a host with faults, then the reckoning.

use super::answers::check_answer;
use super::knowledge::{Fact, Knowledge};
use super::operation::{Operation, choose};
use super::people;
use crate::requests::{get, json};
use crate::sim::faults::{Plan, Profile};
use crate::sim::invariants;
use crate::sim::{Ending, Outcome, Program, Random, RunId, SimHost};
use crate::target::{engine, prepare};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Lines of the trace shown with a failure.
const TRACE_SHOWN: usize = 120;

/// A simulation that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Fingerprint of every output and of the store.
    pub digest: String,
    /// Calls made.
    pub calls: u64,
    /// Calls that answered 200.
    pub good: u64,
    /// Facts that were asked about at the end.
    pub facts: u64,
    /// How often the host died.
    pub crashes: u64,
    /// Sessions of users that were opened.
    pub sessions: u64,
}

/// What a simulation found.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Starts the same simulation again.
    pub seed: u64,
    /// Name of the profile of faults.
    pub profile: &'static str,
    /// What is wrong.
    pub what: String,
    /// What happened before, a line each.
    pub trace: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = self.trace.len().saturating_sub(TRACE_SHOWN);
        writeln!(f, "seed {} ({}): {}", self.seed, self.profile, self.what)?;
        writeln!(f, "the last events, {skipped} earlier ones left out:")?;
        self.trace[skipped..].iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// The engine that storms are about, with further settings: another system may sign users in.
pub fn program(mut env: BTreeMap<String, String>) -> Arc<dyn Program> {
    env.insert("SIMPLE_SSO_ENABLED".to_owned(), "true".to_owned());
    engine(&env)
}

/// Runs `calls` calls from several clients under the weather that `seed` picks, then lets the faults
/// cease and checks that everything acknowledged is there and everything works.
pub fn run(program: Arc<dyn Program>, seed: u64, calls: u64) -> Result<Report, Failure> {
    let profile = Profile::ALL[usize::try_from(seed % Profile::ALL.len() as u64).unwrap_or(0)];
    let mut host = SimHost::new(program, seed, Plan::Random(Profile::CALM));
    let mut crowd = Crowd { random: Random::new(seed ^ 0x5eed), profile, ..Crowd::default() };
    match crowd.live(&mut host, calls) {
        Ok(()) => Ok(Report {
            digest: host.digest(),
            calls: crowd.calls,
            good: crowd.good,
            facts: crowd.facts,
            crashes: host.crashes(),
            sessions: crowd.knowledge.people.sessions.len() as u64,
        }),
        Err(what) => Err(Failure { seed, profile: profile.name, what, trace: host.trace().to_vec() }),
    }
}

struct Crowd {
    random: Random,
    profile: Profile,
    knowledge: Knowledge,
    under_way: BTreeMap<RunId, Operation>,
    calls: u64,
    good: u64,
    facts: u64,
}

impl Default for Crowd {
    fn default() -> Crowd {
        Crowd {
            random: Random::new(0),
            profile: Profile::CALM,
            knowledge: Knowledge::default(),
            under_way: BTreeMap::new(),
            calls: 0,
            good: 0,
            facts: 0,
        }
    }
}

impl Crowd {
    fn live(&mut self, host: &mut SimHost, calls: u64) -> Result<(), String> {
        prepare(host);
        if self.random.chance(300) {
            people::settle(host, &mut self.knowledge)?;
        }
        host.spread_over(usize::try_from(self.random.between(1, 3)).unwrap_or(1));
        host.set_plan(Plan::Random(self.profile));
        let clients = usize::try_from(self.random.between(1, 8)).unwrap_or(1);
        let mut commits = host.store.commits();
        let mut crashes = host.crashes();
        while self.calls < calls || host.live() > 0 {
            // A host that died, even at the first effect of a call, starts again before it takes another one.
            while self.calls < calls && host.live() < clients && host.crashes() == crashes {
                self.calls += 1;
                let operation = choose(&mut self.random, &mut self.knowledge, self.calls);
                let run = host.start(operation.request.clone(), false);
                host.note(format!("run {run}: {} {}", operation.request.method, operation.request.path));
                self.under_way.insert(run, operation);
            }
            if host.crashes() == crashes {
                host.step();
            }
            self.settle(host)?;
            if host.crashes() > crashes {
                crashes = host.crashes();
                self.restart(host)?;
            }
            if host.store.commits() > commits {
                commits = host.store.commits();
                invariants::check(&host.store)?;
            }
        }
        self.reckon(host)
    }

    /// Takes in the answers that came.
    fn settle(&mut self, host: &mut SimHost) -> Result<(), String> {
        for (run, outcome) in host.take_finished() {
            let Some(operation) = self.under_way.remove(&run) else { continue };
            let call = format!("{} {}", operation.request.method, operation.request.path);
            self.check(&operation, &outcome).map_err(|what| format!("run {run}, {call}: {what}"))?;
            operation.learn(&outcome, &mut self.knowledge);
            if let Some(what) = self.knowledge.people.contradiction.take() {
                return Err(format!("run {run}, {call}: {what}"));
            }
        }
        Ok(())
    }

    fn check(&mut self, operation: &Operation, outcome: &Outcome) -> Result<(), String> {
        match outcome.ending {
            Ending::Defect(defect) => return Err(format!("{defect:?}")),
            Ending::Crashed | Ending::ClientLeft => return Ok(()),
            Ending::Done => {}
        }
        check_answer(&outcome.answer)?;
        let status = outcome.answer.status;
        self.good += u64::from(status == 200);
        let fine = self.profile.is_fine();
        if fine && status >= 500 && !operation.may_fail {
            return Err(format!(
                "{status} in fine weather: {}",
                String::from_utf8_lossy(&outcome.answer.body)
            ));
        }
        Ok(())
    }

    /// What a host does when it starts again.
    fn restart(&mut self, host: &mut SimHost) -> Result<(), String> {
        // The upkeep itself must get through, whatever the weather.
        host.set_plan(Plan::Random(Profile::CALM));
        let upkeep = host.start_maintenance();
        let outcome = host.run_to_end(upkeep);
        if outcome.answer.status != 200 {
            return Err(format!("the upkeep answered {:?}", outcome.answer));
        }
        invariants::check_swept(&host.store)?;
        host.set_plan(Plan::Random(self.profile));
        Ok(())
    }

    /// Every program must find all chunks of all documents of a workspace, and nothing else, whatever its
    /// caches hold.
    fn search(&mut self, host: &mut SimHost) -> Result<(), String> {
        let all = self.knowledge.certain().filter_map(|fact| match fact {
            Fact::Workspace(slug) => Some(slug.clone()),
            _ => None,
        });
        for slug in all.collect::<Vec<_>>() {
            let workspace = host.call(get(&format!("/v1/workspace/{slug}")), false).answer.json();
            let rows = &workspace["workspace"][0]["documents"];
            let wanted = paths(rows, |row| &row["docpath"]);
            for program in 0..host.programs() {
                let query = json!({"query": "otter", "topN": 1_000, "scoreThreshold": 0});
                let search = json("POST", &format!("/v1/workspace/{slug}/vector-search"), &query);
                let answer = host.call_on(program, search).answer.json();
                let found = paths(&answer["results"], |hit| &hit["metadata"]["docpath"]);
                self.facts += 1;
                if found != wanted {
                    return Err(format!(
                        "program {program} finds {found:?} in {slug}, which holds {wanted:?}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// The faults cease: what was promised must be there, and everything must work.
    fn reckon(&mut self, host: &mut SimHost) -> Result<(), String> {
        host.note("the faults cease");
        self.profile = Profile::CALM;
        host.set_plan(Plan::Random(Profile::CALM));
        self.search(host)?;
        host.crash();
        self.restart(host)?;
        self.search(host)?;
        self.facts += people::reckon(host, &self.knowledge)?;
        for fact in self.knowledge.certain() {
            self.facts += 1;
            let answer = host.call(fact.question(), false).answer;
            if !fact.holds(&answer) {
                return Err(format!("lost: {fact:?}: {}", String::from_utf8_lossy(&answer.body)));
            }
        }
        works(host)?;
        invariants::check_swept(&host.store)
    }
}

/// Names of the documents in a list of hits or rows.
fn paths<'a>(items: &'a Value, path: impl Fn(&'a Value) -> &'a Value) -> BTreeSet<&'a str> {
    items.as_array().into_iter().flatten().filter_map(|item| path(item).as_str()).collect()
}

/// A new user's first minutes.
fn works(host: &mut SimHost) -> Result<(), String> {
    let mut call = |request, what: &str| {
        let outcome = host.call(request, false);
        let text = String::from_utf8_lossy(&outcome.answer.body).into_owned();
        match outcome.answer.status {
            200 => Ok(outcome.answer),
            status => Err(format!("after the faults, {what} answers {status}: {text}")),
        }
    };
    let workspace = call(json("POST", "/v1/workspace/new", &json!({"name": "Afterwards"})), "new workspace")?;
    let slug = workspace.json()["workspace"]["slug"].as_str().unwrap_or_default().to_owned();
    let text = json!({
        "textContent": "Zebras graze beside the quarry at dawn.",
        "metadata": {"title": "zebra"},
        "addToWorkspaces": slug,
    });
    call(json("POST", "/v1/document/raw-text", &text), "raw text")?;
    let ask = json!({"message": "Where do zebras graze at dawn?", "mode": "query"});
    let answer = call(json("POST", &format!("/v1/workspace/{slug}/chat"), &ask), "chat")?.json();
    if !answer["sources"][0]["text"].as_str().is_some_and(|text| text.contains("Zebras")) {
        return Err(format!("after the faults, a question finds nothing: {answer}"));
    }
    call(get("/v1/documents"), "the listing")?;
    Ok(())
}
