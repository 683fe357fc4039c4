: > state
