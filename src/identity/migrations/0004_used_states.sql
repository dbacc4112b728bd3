-- As RFC 6749 §10.12 calls what is used up by an answer: `state`.
ALTER TABLE answered_states RENAME TO used_states;
