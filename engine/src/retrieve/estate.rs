//! What a user leaves behind: threads, turns, memberships, sessions.

use super::staging::Orphans;
use crate::model::{Chat, Thread, Workspace};
use crate::seam::{Cx, Key};
use crate::store::{self, StoreError, key, retry};
use futures_util::future::BoxFuture;

/// Turns removed in one commit.
const BATCH: usize = 500;

/// Removes it. The user is gone already, so that nothing is added meanwhile; done twice, it is well.
///
/// Boxed, as the removal of a thread is a staged write like the removal of a user.
pub fn remove(cx: &Cx, user: u64) -> BoxFuture<'_, Result<(), StoreError>> {
    Box::pin(async move {
        for (_, workspace) in store::all::<Workspace>(cx, key::workspaces()).await? {
            for (_, thread) in store::all::<Thread>(cx, key::threads(workspace.id)).await? {
                if thread.user == Some(user) {
                    remove_thread(cx, &thread).await?;
                }
            }
            remove_turns(cx, workspace.id, user).await?;
            cx.breathe().await;
        }
        remove_rest(cx, user).await
    })
}

async fn remove_thread(cx: &Cx, thread: &Thread) -> Result<(), StoreError> {
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        if tx.get::<Thread>(key::thread(thread.workspace, thread.id)).await?.is_none() {
            return Ok(());
        }
        tx.delete(key::thread_slug(&thread.slug));
        tx.delete(key::thread(thread.workspace, thread.id));
        let orphans = Orphans::of(cx, thread.workspace, Some(thread.id)).await?;
        orphans.leave(&mut tx, cx.now())?;
        if tx.commit().await? {
            orphans.remove(cx).await;
            return Ok(());
        }
    }
}

/// Turns outside of the user's own threads.
async fn remove_turns(cx: &Cx, workspace: u64, user: u64) -> Result<(), StoreError> {
    let mut places = store::scan_keys(cx, key::chats(workspace)).await?;
    places.retain(|place| key::may_be_by(place, user));
    for batch in places.chunks(BATCH) {
        let chats = store::get_many::<Chat>(cx, batch.to_vec()).await?;
        let theirs =
            batch.iter().zip(chats).filter(|(_, chat)| chat.as_ref().is_some_and(|c| c.user == Some(user)));
        let theirs: Vec<&Key> = theirs.map(|(place, _)| place).collect();
        if theirs.is_empty() {
            continue;
        }
        let mut tx = store::Transaction::new(cx);
        for place in theirs {
            tx.delete(place.clone());
            if let Some(id) = key::trailing_id(place) {
                tx.delete(key::chat_id(id));
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn remove_rest(cx: &Cx, user: u64) -> Result<(), StoreError> {
    let mut attempts = retry(cx);
    loop {
        let mut tx = attempts.next().await?;
        for place in store::scan_keys(cx, key::members(user)).await? {
            if let Some(workspace) = key::trailing_id(&place) {
                tx.delete(key::member_in(workspace, user));
            }
            tx.delete(place);
        }
        for place in store::scan_keys(cx, key::sessions_of(user)).await? {
            if let Some(hash) = place.as_str().rsplit('/').next() {
                tx.delete(key::session(hash));
            }
            tx.delete(place);
        }
        if let Some(hash) = tx.get::<String>(key::sso_of(user)).await? {
            tx.delete(key::sso(&hash));
            tx.delete(key::sso_of(user));
        }
        tx.delete(key::sent(user));
        if tx.commit().await? {
            return Ok(());
        }
    }
}
