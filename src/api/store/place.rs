//! Where a to-do is in its owner's list: a number, with room between one and the next. Where there is no room left, all that
//! comes after moves on together. That changes no order, and so no version: nobody hears of it, and nothing is late by it.

use uuid::Uuid;

use super::StoreError;
use super::change::{Changing, GAP, Stored};

/// How far all moves on that comes after a place without room: after that, it can be halved as often as this is a power of
/// two. So of those who put one to-do after the other into the same place, every thirtieth causes it.
const SHIFT: i64 = 1 << 30;

impl Changing<'_> {
    /// The position of `found` behind the to-do `after`, or before all others; its own, where it is there already. One that
    /// was removed meanwhile has its place still. `None` where the owner has no such to-do, or it is this one.
    pub(super) async fn place(&mut self, found: &mut Stored, after: Option<Uuid>) -> Result<Option<i64>, StoreError> {
        let own = (found.position, found.todo.id);
        let low = match after {
            None => None,
            Some(after) => match self.find(after).await? {
                Some(before) if before.todo.owner == self.owner && after != own.1 => Some((before.position, after)),
                _ => return Ok(None),
            },
        };
        let is_behind = low.is_none_or(|low| low < own);
        let Some(mut high) = self.first_behind(low, own.1).await? else {
            // Behind all others; alone, it stays where it is.
            if !is_behind {
                self.last_position = self.last_position.max(low.map_or(0, |(position, _)| position)) + GAP;
            }
            return Ok(Some(if is_behind { own.0 } else { self.last_position }));
        };
        if is_behind && own < high {
            return Ok(Some(own.0));
        }
        let Some(low) = low else { return Ok(Some(high.0 - GAP)) };
        if high.0 - low.0 < 2 {
            self.make_room_behind(low).await?;
            high.0 += SHIFT;
            if is_behind {
                found.position += SHIFT;
            }
        }
        Ok(Some(low.0 + (high.0 - low.0) / 2))
    }

    /// A position right behind a to-do.
    pub(super) async fn position_behind(&mut self, place: (i64, Uuid)) -> Result<i64, StoreError> {
        let Some((mut high, _)) = self.first_behind(Some(place), place.1).await? else {
            self.last_position = self.last_position.max(place.0) + GAP;
            return Ok(self.last_position);
        };
        if high - place.0 < 2 {
            self.make_room_behind(place).await?;
            high += SHIFT;
        }
        Ok(place.0 + (high - place.0) / 2)
    }

    /// The first to-do behind a place, but for that of `id`.
    async fn first_behind(&mut self, place: Option<(i64, Uuid)>, id: Uuid) -> Result<Option<(i64, Uuid)>, StoreError> {
        let query = "SELECT position, id FROM todos WHERE owner = $1 AND removed_at IS NULL AND id <> $2
                     AND (position, id) > (CAST($3 AS BIGINT), $4) ORDER BY position, id LIMIT 1";
        // The empty text comes before every id.
        let (position, after) =
            place.map_or((i64::MIN, String::new()), |(position, after)| (position, after.to_string()));
        let query = sqlx::query_as(query).bind(self.owner).bind(id.to_string()).bind(position).bind(after);
        let rows: Vec<(i64, String)> = query.fetch_all(&mut *self.connection).await?;
        let Some((position, id)) = rows.into_iter().next() else { return Ok(None) };
        Ok(Some((position, id.parse().map_err(|_| StoreError::Row)?)))
    }

    /// Moves on all that comes after a place, and what undoing would put there: each is to come back between the same two.
    async fn make_room_behind(&mut self, (position, id): (i64, Uuid)) -> Result<(), StoreError> {
        for statement in [
            "UPDATE todos SET position = position + $4 WHERE owner = $1 AND (position, id) > (CAST($2 AS BIGINT), $3)",
            "UPDATE replaced SET position = position + $4 WHERE owner = $1 AND (position, id) > (CAST($2 AS BIGINT), $3)",
        ] {
            let query = sqlx::query(statement).bind(self.owner).bind(position).bind(id.to_string()).bind(SHIFT);
            query.execute(&mut *self.connection).await?;
        }
        self.last_position += SHIFT;
        Ok(())
    }
}
