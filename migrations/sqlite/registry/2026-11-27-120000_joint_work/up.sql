-- The joint work (联合奖惩). A joint action rests on a record; its measures are assigned to departments; every step of a case is
-- appended to case_steps and never changed: stage, ending, suspensions and due days beside it are what the steps amount to.
-- Dates ISO text ('' = absent).

CREATE TABLE joint_actions (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    subject BLOB NOT NULL REFERENCES subjects (id),
    basis BLOB NOT NULL REFERENCES records (id),
    initiator TEXT NOT NULL,
    legal_basis TEXT NOT NULL,
    measures TEXT NOT NULL,
    act_on TEXT NOT NULL,
    notified_on TEXT NOT NULL,
    initiated_on TEXT NOT NULL,
    ends_on TEXT NOT NULL,
    stage TEXT NOT NULL,
    ending TEXT NOT NULL,
    suspensions BIGINT NOT NULL,
    suspended_on TEXT NOT NULL,
    due_on TEXT NOT NULL,
    steps BIGINT NOT NULL,
    entry BIGINT NOT NULL
);
CREATE INDEX joint_actions_by_entry ON joint_actions (entry);
CREATE INDEX joint_actions_by_basis ON joint_actions (basis);
CREATE INDEX joint_actions_by_subject ON joint_actions (subject, entry);
CREATE INDEX joint_actions_by_initiator ON joint_actions (initiator, entry);
CREATE INDEX joint_actions_by_due ON joint_actions (due_on, id);

-- One measure in one department. place: its order in the dispatch.
CREATE TABLE assignments (
    id BLOB NOT NULL PRIMARY KEY,
    action BLOB NOT NULL REFERENCES joint_actions (id),
    place BIGINT NOT NULL,
    department TEXT NOT NULL,
    measure TEXT NOT NULL,
    stage TEXT NOT NULL,
    assigned_on TEXT NOT NULL,
    answered_on TEXT NOT NULL,
    reported_on TEXT NOT NULL,
    due_on TEXT NOT NULL,
    UNIQUE (action, department, measure)
);
CREATE INDEX assignments_by_department ON assignments (department, due_on, id);
CREATE INDEX assignments_by_due ON assignments (due_on, id);

-- due_on: by when the step had to be taken ('' = it has no deadline). facts: JSON without private values. sealed: reasons and
-- reports, as envelopes. entry: the index of the ledger entry that announced it.
CREATE TABLE case_steps (
    case_id BLOB NOT NULL,
    number BIGINT NOT NULL,
    step TEXT NOT NULL,
    assignment BLOB,
    role TEXT NOT NULL,
    department TEXT NOT NULL,
    at BIGINT NOT NULL,
    due_on TEXT NOT NULL,
    facts TEXT NOT NULL,
    sealed BLOB NOT NULL,
    entry BIGINT NOT NULL,
    PRIMARY KEY (case_id, number)
);
CREATE INDEX case_steps_by_entry ON case_steps (entry);
