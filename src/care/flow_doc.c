/* care/flow_doc.c - the workflows for people: doc/generated/WORKFLOWS.md from the same rows that the
 * engine runs. */
#include "care/flow.h"
#include "care/notice.h"

/* The names of the bits that are set, joined by ", "; "-" when none is. */
static void write_bits(struct buf *b, unsigned bits, const char *const *names, unsigned n)
{
    bool first = true;

    for (unsigned i = 0; i < n; i++) {
        if (bits & (1u << i)) {
            if (!first) {
                BUF_LIT(b, ", ");
            }
            buf_str(b, str_z(names[i]));
            first = false;
        }
    }
    if (first) {
        BUF_LIT(b, "-");
    }
}

static void write_states(struct buf *b, const struct care_flow *f)
{
    static const char *const clocks[CLOCK_COUNT] = {"-", "accept by", "answer by"};
    static const char *const turns[] = {"nobody", "the asker", "the coordinator", "the service",
                                        "the consultant", "the chair", "the secretary",
                                        "the members", "the patient", "the doctor",
                                        "the registrar"};

    BUF_LIT(b, "| State | Shown as | Task.status | Promise | Whose turn | Notes |\n"
               "|---|---|---|---|---|---|\n");
    for (unsigned i = 0; i < f->n_states; i++) {
        const struct care_state *s = &f->states[i];
        BUF_LIT(b, "| `");
        buf_str(b, str_z(s->name));
        BUF_LIT(b, "` | ");
        buf_str(b, str_z(s->title));
        BUF_LIT(b, " | ");
        buf_str(b, str_z(s->task_status));
        BUF_LIT(b, " | ");
        buf_str(b, str_z(clocks[s->clock]));
        BUF_LIT(b, " | ");
        buf_str(b, str_z(turns[s->turn]));
        BUF_LIT(b, " | ");
        buf_str(b, s->flags & STATE_PAUSED  ? S("clocks stand still")
                   : s->flags & STATE_FINAL ? S("final")
                   : s->flags & STATE_BEGIN ? S("begin")
                                            : S(""));
        BUF_LIT(b, " |\n");
    }
}

static void write_moves(struct buf *b, const struct care_flow *f)
{
    static const char *const who[ACTOR_COUNT] = {"asker",      "coordinator", "service",
                                                 "consultant", "head",        "clock",
                                                 "chair", "secretary", "member", "patient",
                                                 "doctor", "registrar"};
    static const char *const need[NEED_COUNT] = {"a reason",  "a service",       "a service or person",
                                                 "a text", "a signed document", "an outcome",
                                                 "the quorum", "all opinions", "all signatures",
                                                 "a free slot",
                                                 "an urgency that calls"};
    static const char *const tell[TELL_COUNT] = {"asker", "coordinator", "service", "consultant",
                                                 "head", "chair", "secretary", "members", "patient",
                                                 "doctor"};
    static const char *const set[SET_COUNT] = {
        "service",     "consultant",     "no consultant", "conclusion",   "outcome",
        "accept clock restarts", "reminded", "overdue", "escalated"};

    BUF_LIT(b, "\n| Action | From | To | Who may | Needs | Tells | Sets | Notice |\n"
               "|---|---|---|---|---|---|---|---|\n");
    for (unsigned i = 0; i < f->n_moves; i++) {
        const struct care_move *m = &f->moves[i];
        BUF_LIT(b, "| `");
        buf_str(b, str_z(m->action));
        BUF_LIT(b, "` | ");
        buf_str(b, str_z(f->states[m->from].name));
        BUF_LIT(b, " | ");
        buf_str(b, str_z(f->states[m->to].name));
        BUF_LIT(b, " | ");
        write_bits(b, m->who, who, ACTOR_COUNT);
        BUF_LIT(b, " | ");
        write_bits(b, m->need, need, NEED_COUNT);
        BUF_LIT(b, " | ");
        write_bits(b, m->tell, tell, TELL_COUNT);
        BUF_LIT(b, " | ");
        write_bits(b, m->set, set, SET_COUNT);
        BUF_LIT(b, " | ");
        buf_str(b, str_z(notice_text(m->notice)));
        BUF_LIT(b, " |\n");
    }
}

static void write_diagram(struct buf *b, const struct care_flow *f)
{
    BUF_LIT(b, "\n```mermaid\nstateDiagram-v2\n");
    for (unsigned i = 0; i < f->n_states; i++) {
        /* mermaid names take no hyphen */
        BUF_LIT(b, "    state \"");
        buf_str(b, str_z(f->states[i].title));
        BUF_LIT(b, "\" as s");
        buf_u64(b, i);
        BUF_LIT(b, "\n");
        if (f->states[i].flags & STATE_BEGIN) {
            BUF_LIT(b, "    [*] --> s");
            buf_u64(b, i);
            BUF_LIT(b, "\n");
        }
    }
    for (unsigned i = 0; i < f->n_moves; i++) {
        if (f->moves[i].who == ACTOR_CLOCK) {
            continue;
        }
        BUF_LIT(b, "    s");
        buf_u64(b, f->moves[i].from);
        BUF_LIT(b, " --> s");
        buf_u64(b, f->moves[i].to);
        BUF_LIT(b, ": ");
        buf_str(b, str_z(f->moves[i].action));
        BUF_LIT(b, "\n");
    }
    for (unsigned i = 0; i < f->n_states; i++) {
        if (f->states[i].flags & STATE_FINAL) {
            BUF_LIT(b, "    s");
            buf_u64(b, i);
            BUF_LIT(b, " --> [*]\n");
        }
    }
    BUF_LIT(b, "```\n");
}

void flow_write_doc(struct buf *b)
{
    BUF_LIT(b, "# Workflows\n\nWritten by `consilium flow doc` from the tables in `src/care`; do not "
               "edit.\n\nThe clock is an actor: it reminds, marks overdue and escalates, and never "
               "changes a state. How long each promise is stands in the policy profile of the centre "
               "that answers (`content/policy`).\n");
    for (size_t i = 0; i < care_flow_count; i++) {
        const struct care_flow *f = care_flows[i];
        BUF_LIT(b, "\n## ");
        buf_str(b, str_z(f->title));
        BUF_LIT(b, "\n\n");
        write_states(b, f);
        write_moves(b, f);
        write_diagram(b, f);
    }
}
