"""The tables of schedules, events, runs and books"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("event_date", sa.Date(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("resend", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("run_date", sa.Date(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'paid', 'declined', 'not_executed', 'contradiction')",
            name=op.f("attempt_state_is_known"),
        ),
        sa.PrimaryKeyConstraint("event_id", "number", name=op.f("attempt_pkey")),
    )
    op.create_index("attempt_open", "attempt", ["next_at"], unique=False, postgresql_where=sa.text("state = 'open'"))
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("audit_pkey")),
    )
    op.create_index("audit_subject", "audit", ["subject_id"], unique=False)
    op.create_table(
        "batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_date", sa.Date(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("last_id", sa.Uuid(), nullable=False),
        sa.Column("ids", sa.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status <> 'claimed' OR (lease_until IS NOT NULL AND worker IS NOT NULL)",
            name=op.f("batch_claimed_has_a_lease"),
        ),
        sa.CheckConstraint("status IN ('waiting', 'claimed', 'done', 'carried')", name=op.f("batch_status_is_known")),
        sa.CheckConstraint("first_id <= last_id", name=op.f("batch_range_is_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("batch_pkey")),
    )
    op.create_index("batch_run", "batch", ["run_date", "id"], unique=False)
    op.create_index(
        "batch_unfinished",
        "batch",
        ["run_date", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('waiting', 'claimed')"),
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_date", sa.Date(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("original_date", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "heading IN ('due', 'paid', 'declined', 'unknown', 'withdrawn', 'carried', 'missed', 'adjusted', 'in_flight')",
            name=op.f("booking_heading_is_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("booking_pkey")),
    )
    op.create_index("booking_run", "booking", ["run_date"], unique=False)
    op.create_table(
        "calendar_day",
        sa.Column("calendar", sa.Text(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("works", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("library_version", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("calendar", "date", name=op.f("calendar_day_pkey")),
    )
    op.create_table(
        "event",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("payee_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("nominal_date", sa.Date(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), server_default="scheduled", nullable=False),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("overridden", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("retry_on", sa.Date(), nullable=True),
        sa.Column("transaction_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(status = 'cancelled') = (cancel_reason IS NOT NULL)", name=op.f("event_cancelled_has_a_reason")
        ),
        sa.CheckConstraint(
            "(status = 'paid') = (transaction_id IS NOT NULL)", name=op.f("event_paid_has_a_transaction")
        ),
        sa.CheckConstraint(
            "cancel_reason IS NULL OR cancel_reason IN ('skipped', 'schedule_cancelled', 'superseded', 'collapsed', 'given_up')",
            name=op.f("event_cancel_reason_is_known"),
        ),
        sa.CheckConstraint("retry_on IS NULL OR status = 'failed'", name=op.f("event_only_failed_waits_for_a_retry")),
        sa.CheckConstraint("status <> 'failed' OR failure_code IS NOT NULL", name=op.f("event_failed_has_a_code")),
        sa.CheckConstraint("status <> 'processing' OR batch_id IS NOT NULL", name=op.f("event_claimed_by_a_batch")),
        sa.CheckConstraint(
            "status IN ('scheduled', 'processing', 'paid', 'failed', 'unknown', 'cancelled', 'paused', 'missed')",
            name=op.f("event_status_is_known"),
        ),
        sa.CheckConstraint("amount > 0", name=op.f("event_amount_is_positive")),
        sa.CheckConstraint("attempt >= 1", name=op.f("event_attempt_counts_from_one")),
        sa.PrimaryKeyConstraint("date", "id", name=op.f("event_pkey")),
        postgresql_partition_by="RANGE (date)",
    )
    op.create_index("event_payer", "event", ["payer_id", "date", "id"], unique=False)
    op.create_table(
        "hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=True),
        sa.Column("payee_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Text(), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("payer_id IS NULL OR payee_id IS NULL", name=op.f("hold_names_one_party")),
        sa.PrimaryKeyConstraint("id", name=op.f("hold_pkey")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("response_status", sa.SmallInteger(), nullable=False),
        sa.Column("response_headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("response_body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("caller", "operation", "key", name=op.f("idempotency_key_pkey")),
    )
    op.create_index("idempotency_key_age", "idempotency_key", ["created_at"], unique=False)
    op.create_table(
        "run",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("status", sa.Text(), server_default="announced", nullable=False),
        sa.Column("planned_through", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("off", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("run_closed_has_its_time")),
        sa.CheckConstraint(
            "status IN ('announced', 'planning', 'open', 'paused', 'closed')",
            name=op.f("run_status_is_known"),
        ),
        sa.PrimaryKeyConstraint("date", name=op.f("run_pkey")),
    )
    op.create_table(
        "schedule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("payee_id", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=True),
        sa.Column("is_recurring", sa.Boolean(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("frequency", sa.Text(), nullable=False),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("pay_late", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("next_sequence", sa.Integer(), nullable=False),
        sa.Column("extend_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("schedule_currency_is_a_code")),
        sa.CheckConstraint("status = 'active' OR extend_on IS NULL", name=op.f("schedule_cancelled_is_not_extended")),
        sa.CheckConstraint("status IN ('active', 'cancelled')", name=op.f("schedule_status_is_known")),
        sa.CheckConstraint("amount > 0", name=op.f("schedule_amount_is_positive")),
        sa.CheckConstraint("pay_late BETWEEN 0 AND 31", name=op.f("schedule_pay_late_in_range")),
        sa.CheckConstraint("payer_id <> payee_id", name=op.f("schedule_payer_is_not_payee")),
        sa.PrimaryKeyConstraint("id", name=op.f("schedule_pkey")),
    )
    op.create_index(
        "schedule_extend",
        "schedule",
        ["extend_on"],
        unique=False,
        postgresql_where=sa.text("extend_on IS NOT NULL"),
    )
    op.create_index("schedule_payer", "schedule", ["payer_id", "id"], unique=False)
    op.create_table(
        "transaction",
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_date", sa.Date(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Text(), nullable=False),
        sa.Column("payee_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("transaction_amount_is_positive")),
        sa.PrimaryKeyConstraint("date", "id", name=op.f("transaction_pkey")),
        postgresql_partition_by="RANGE (date)",
    )
    op.create_index("transaction_payer", "transaction", ["payer_id", "date", "id"], unique=False)
    op.create_table(
        "pause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("until_date", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("until_date IS NULL OR until_date > from_date", name=op.f("pause_window_is_in_order")),
        sa.ForeignKeyConstraint(["schedule_id"], ["schedule.id"], name=op.f("pause_schedule_id_references_schedule")),
        sa.PrimaryKeyConstraint("id", name=op.f("pause_pkey")),
    )
    op.create_index("pause_schedule", "pause", ["schedule_id"], unique=False)
    op.create_table(
        "schedule_revision",
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("from_nominal_date", sa.Date(), nullable=False),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("payee_id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("schedule_revision_amount_is_positive")),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["schedule.id"], name=op.f("schedule_revision_schedule_id_references_schedule")
        ),
        sa.PrimaryKeyConstraint("schedule_id", "revision", name=op.f("schedule_revision_pkey")),
    )
    # Far dates land here until the worker makes their month; see shared.db.partitions.
    op.execute("CREATE TABLE event_default PARTITION OF event DEFAULT WITH (fillfactor = 60)")
    op.execute("CREATE TABLE transaction_default PARTITION OF transaction DEFAULT")


def downgrade() -> None:
    op.drop_table("schedule_revision")
    op.drop_index("pause_schedule", table_name="pause")
    op.drop_table("pause")
    op.drop_index("transaction_payer", table_name="transaction")
    op.drop_table("transaction")
    op.drop_index("schedule_payer", table_name="schedule")
    op.drop_index("schedule_extend", table_name="schedule", postgresql_where=sa.text("extend_on IS NOT NULL"))
    op.drop_table("schedule")
    op.drop_table("run")
    op.drop_index("idempotency_key_age", table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_table("hold")
    op.drop_index("event_payer", table_name="event")
    op.drop_table("event")
    op.drop_table("calendar_day")
    op.drop_index("booking_run", table_name="booking")
    op.drop_table("booking")
    op.drop_index("batch_unfinished", table_name="batch", postgresql_where=sa.text("status IN ('waiting', 'claimed')"))
    op.drop_index("batch_run", table_name="batch")
    op.drop_table("batch")
    op.drop_index("audit_subject", table_name="audit")
    op.drop_table("audit")
    op.drop_index("attempt_open", table_name="attempt", postgresql_where=sa.text("state = 'open'"))
    op.drop_table("attempt")
