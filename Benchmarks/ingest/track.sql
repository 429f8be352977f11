-- An abandoned cart as a team would write it by hand; `users` is psql's variable.
CREATE TABLE users (
    id bigint PRIMARY KEY, email text, first_name text, last_name text, country text, language text, time_zone text,
    plan text, signed_up timestamptz, carts integer NOT NULL DEFAULT 0, last_cart timestamptz, product_id text,
    last_sent timestamptz
) WITH (fillfactor = 50);
CREATE TABLE events (
    user_id bigint, id uuid, at timestamptz, event text, properties jsonb, PRIMARY KEY (user_id, id)
);
CREATE TABLE timers (user_id bigint PRIMARY KEY, due timestamptz, event uuid);
CREATE INDEX ON timers (due);
CREATE TABLE decisions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, user_id bigint, at timestamptz, campaign text, code text,
    event uuid, due timestamptz
);

CREATE FUNCTION track(who bigint, event_id uuid, product text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    now timestamptz := clock_timestamp();
    sent timestamptz;
BEGIN
    INSERT INTO events VALUES (who, event_id, now, 'add_to_cart', jsonb_build_object('product_id', product))
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN RETURN 0; END IF;
    UPDATE users SET carts = carts + 1, last_cart = now, product_id = product WHERE id = who RETURNING last_sent INTO sent;
    IF sent IS NULL OR sent < now THEN
        INSERT INTO timers VALUES (who, now + interval '1 day', event_id)
            ON CONFLICT (user_id) DO UPDATE SET due = excluded.due, event = excluded.event;
        INSERT INTO decisions (user_id, at, campaign, code, event, due)
            VALUES (who, now, 'bench', 'waits', event_id, now + interval '1 day');
    END IF;
    RETURN 1;
END $$;

INSERT INTO users (id, email, first_name, last_name, country, language, time_zone, plan, signed_up)
    SELECT n, 'user-' || n || '@example.com', 'Ada', 'Lovelace', 'FR', 'fr', 'Europe/Paris', 'gold', '2026-01-02T03:04:05Z'
    FROM generate_series(0, :users - 1) AS n;
VACUUM ANALYZE users;
CHECKPOINT;
