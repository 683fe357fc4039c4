//! Makes what is there what was kept, call by call. Whenever it ends in between, the next time goes on from what is there.

use super::api::Api;
use super::difference::Difference;
use super::held::{Held, Kind};
use greenlight_clients::Refusal;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Deletions first, since a number may belong to another trunk now; rules after the trunks that they name.
///
/// # Errors
/// What can't be done.
pub(super) async fn reconcile(api: &Api, kept: &Held) -> Result<(), String> {
    let none = BTreeMap::new();
    let there = listed(api).await?;
    let between = |kind, ids| Difference::between(kind, kept.of(kind), there.of(kind), ids);
    let trunks = [Kind::Inbound, Kind::Outbound].map(|kind| (kind, between(kind, &none)));
    let mut ids: BTreeMap<String, String> = trunks.iter().flat_map(|(_, trunks)| trunks.ids.clone()).collect();
    for id in between(Kind::Rule, &ids).surplus {
        delete(api, Kind::Rule, &id).await?;
    }
    for (kind, trunks) in &trunks {
        for id in &trunks.surplus {
            delete(api, *kind, id).await?;
        }
    }
    for (kind, trunks) in trunks {
        settle(api, kind, trunks, &mut ids).await?;
    }
    // Only now is it known which ids the trunks have.
    let mut rules = Difference::between(Kind::Rule, &kept.rules, &listed(api).await?.rules, &ids);
    rules.surplus.clear();
    settle(api, Kind::Rule, rules, &mut ids).await
}

/// Whether what is there is what was kept, in everything but ids.
///
/// # Errors
/// What is not.
pub(super) async fn same(api: &Api, kept: &Held) -> Result<(), String> {
    let there = listed(api).await?;
    let (mut ids, mut said) = (BTreeMap::new(), Vec::new());
    for kind in [Kind::Inbound, Kind::Outbound, Kind::Rule] {
        let found = Difference::between(kind, kept.of(kind), there.of(kind), &ids);
        if !found.is_none() {
            said.push(found.said(kind));
        }
        ids.extend(found.ids);
    }
    if said.is_empty() { Ok(()) } else { Err(said.join("; ")) }
}

async fn listed(api: &Api) -> Result<Held, String> {
    let (held, _) = api.list().await.map_err(|failure| failure.to_string())?.without_double();
    Ok(held)
}

/// Changes, then creations. A change that the server refuses because of another one waits for that; where they wait for each
/// other, one is put out of the way.
async fn settle(
    api: &Api,
    kind: Kind,
    difference: Difference,
    ids: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let (mut missing, mut changed, mut aside) = (difference.missing, difference.changed, BTreeSet::new());
    while !changed.is_empty() {
        let (many, mut waiting, mut why) = (changed.len(), Vec::new(), None);
        for (id, one) in changed {
            match update(api, kind, &id, &one).await? {
                Ok(_) => {}
                // Servers of the time of 1.7.0 have no call that changes one.
                Err(refusal) if refusal.said() == (404, "bad_route".to_owned()) => {
                    delete(api, kind, &id).await?;
                    missing.push(one);
                }
                Err(refusal) if refusal.0.status == 400 => {
                    waiting.push((id, one));
                    why = Some(refusal);
                }
                Err(refusal) => return Err(refused(kind, "Update", &refusal)),
            }
        }
        changed = waiting;
        let (Some(why), true) = (why, changed.len() == many) else { continue };
        let Some((id, one)) = changed.iter().find(|(id, _)| !aside.contains(id)) else {
            return Err(refused(kind, "Update", &why));
        };
        aside.insert(id.clone());
        update(api, kind, id, &out_of_the_way(kind, id, one)).await?.map_err(|_| refused(kind, "Update", &why))?;
    }
    for one in missing {
        let made = create(api, kind, &one).await?;
        ids.insert(kind.id_of(&one).to_owned(), kind.id_of(&made).to_owned());
    }
    Ok(())
}

/// A number, or a trunk, that nobody has.
fn out_of_the_way(kind: Kind, id: &str, one: &Value) -> Value {
    let mut one = one.clone();
    one[if kind == Kind::Rule { "trunk_ids" } else { "numbers" }] = json!([format!("greenlight-{id}")]);
    one
}

async fn update(api: &Api, kind: Kind, id: &str, one: &Value) -> Result<Result<Value, Refusal>, String> {
    let mut one = one.clone();
    one[kind.id()] = json!(id);
    let mut request = json!({ "replace": one });
    request[kind.id()] = json!(id);
    api.ask(kind, "Update", &request).await
}

async fn create(api: &Api, kind: Kind, one: &Value) -> Result<Value, String> {
    let mut one = one.clone();
    one[kind.id()] = json!("");
    let request = match kind {
        // Servers of the time of 1.7.0 read the fields themselves, later ones `dispatch_rule`.
        Kind::Rule => {
            let mut request = one.clone();
            request["dispatch_rule"] = one;
            request
        }
        Kind::Inbound | Kind::Outbound => json!({ "trunk": one }),
    };
    api.ask(kind, "Create", &request).await?.map_err(|refusal| refused(kind, "Create", &refusal))
}

/// That there is none is as good.
async fn delete(api: &Api, kind: Kind, id: &str) -> Result<(), String> {
    let mut request = json!({});
    request[kind.id()] = json!(id);
    match api.ask(kind, "Delete", &request).await? {
        Err(refusal) if refusal.said() != (404, "not_found".to_owned()) => Err(refused(kind, "Delete", &refusal)),
        _ => Ok(()),
    }
}

/// What the server says names ids and numbers, and no password.
fn refused(kind: Kind, verb: &str, refusal: &Refusal) -> String {
    format!("the deployment refuses {}: {refusal}", kind.method(verb))
}
