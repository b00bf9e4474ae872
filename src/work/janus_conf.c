/* work/janus_conf.c - configuration files of Janus and coturn. See janus_conf.h. */
#include "work/janus_conf.h"

#include "os/file.h"
#include "os/random.h"

enum { FILE_MAX = 16 << 10, MEDIA_PORTS = 1000, SECRET_WORDS = 2, NAME_MAX_BYTES = 32 };

/* What stands between two @ in a file below. */
struct value {
    struct str name;
    struct str text;
};

/* Only the room plugin and HTTP: every other plugin and transport of Debian's package stays shut, for each
 * is code that strangers' packets reach. No event handlers, no data channels (nobody offers them), no
 * simulcast. */
static const char janus_jcfg[] =
    "general: {\n"
    "  configs_folder = \"@folder@/janus\"\n"
    "  api_secret = \"@api@\"\n"
    "  admin_secret = \"@admin@\"\n"
    "  debug_level = 3\n"
    "  debug_colors = false\n"
    "  server_name = \"media\"\n"
    "  session_timeout = 60\n"
    "  recordings_tmp_ext = \"tmp\"\n"
    "  hide_dependencies = true\n"
    "}\n"
    "media: {\n"
    "  rtp_port_range = \"@first@-@last@\"\n"
    "}\n"
    "nat: {\n"
    "@nat@"
    "}\n"
    "plugins: {\n"
    "  disable = \"libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,"
    "libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,"
    "libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so\"\n"
    "}\n"
    "transports: {\n"
    "  disable = \"libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,"
    "libjanus_websockets.so\"\n"
    "}\n"
    "events: {\n"
    "  broadcast = false\n"
    "}\n";

static const char http_jcfg[] =
    "general: {\n"
    "  json = \"compact\"\n"
    "  base_path = \"/janus\"\n"
    "  http = true\n"
    "  port = @port@\n"
    "  ip = \"127.0.0.1\"\n"
    "  https = false\n"
    "}\n"
    "admin: {\n"
    "  admin_base_path = \"/admin\"\n"
    "  admin_http = true\n"
    "  admin_port = @admin_port@\n"
    "  admin_ip = \"127.0.0.1\"\n"
    "  admin_https = false\n"
    "}\n";

static const char videoroom_jcfg[] =
    "general: {\n"
    "  admin_key = \"@key@\"\n"
    "  lock_rtp_forward = true\n"
    "}\n";

static const char server_file[] =
    "# A media server: named by the setting media_servers. Keep it secret.\n"
    "api_url = http://127.0.0.1:@port@/janus\n"
    "api_secret = @api@\n"
    "admin_url = http://127.0.0.1:@admin_port@/admin\n"
    "admin_secret = @admin@\n"
    "room_key = @key@\n";

/* Peers it may relay to are limited to what calls need: no multicast, no link-local (where clouds keep
 * secrets), and loopback only for tests. */
static const char turn_conf[] =
    "listening-port=@turn_port@\n"
    "@turn_address@"
    "min-port=@turn_first@\n"
    "max-port=@turn_last@\n"
    "use-auth-secret\n"
    "static-auth-secret=@turn@\n"
    "realm=consilium\n"
    "fingerprint\n"
    "no-cli\n"
    "no-tls\n"
    "no-dtls\n"
    "no-multicast-peers\n"
    "denied-peer-ip=0.0.0.0-0.255.255.255\n"
    "denied-peer-ip=169.254.0.0-169.254.255.255\n"
    "user-quota=16\n"
    "total-quota=2000\n"
    "stale-nonce=600\n"
    "no-stdout-log\n"
    "simple-log\n"
    "log-file=@folder@/turnserver.log\n"
    "pidfile=@folder@/turnserver.pid\n"
    "@turn_more@";

static const char our_lines[] =
    "media_servers = @folder@/" JANUS_CONF_SERVER "\n"
    "turn_urls = turn:@turn_host@:@turn_port@?transport=udp, turn:@turn_host@:@turn_port@?transport=tcp\n"
    "turn_secret = @turn@\n"
    "@recordings@";

static const struct {
    const char *name;
    const char *text;
} files[] = {
    {JANUS_CONF_FOLDER "/janus.jcfg", janus_jcfg},
    {JANUS_CONF_FOLDER "/janus.transport.http.jcfg", http_jcfg},
    {JANUS_CONF_FOLDER "/janus.plugin.videoroom.jcfg", videoroom_jcfg},
    {JANUS_CONF_SERVER, server_file},
    {JANUS_CONF_TURN, turn_conf},
    {JANUS_CONF_OURS, our_lines},
};

static void fill(struct buf *b, struct str text, const struct value *v, size_t n)
{
    struct str plain;
    while (text.n > 0 && str_cut(&text, '@', &plain)) {
        struct str name;
        buf_str(b, plain);
        if (text.n == 0 || !str_cut(&text, '@', &name)) {
            break;
        }
        for (size_t i = 0; i < n; i++) {
            if (str_eq(v[i].name, name)) {
                buf_str(b, v[i].text);
            }
        }
    }
}

static bool address_fine(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == '.'
              || c == ':')) {
            return false;
        }
    }
    return true;
}

/* Nothing that ends a quoted text or a line of these files. */
static bool folder_fine(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '@') {
            return false;
        }
    }
    return s.n > 0;
}

static struct str secret(struct req *rq)
{
    struct buf b;
    char id[OS_ID_LEN + 1];
    buf_init(&b, rq->a, SECRET_WORDS * OS_ID_LEN + 1);
    for (int i = 0; i < SECRET_WORDS; i++) {
        os_id(id);
        buf_str(&b, str_z(id));
    }
    return buf_get(&b);
}

static struct str number(struct req *rq, unsigned n)
{
    struct buf b;
    buf_init(&b, rq->a, NAME_MAX_BYTES);
    buf_u64(&b, n);
    return buf_get(&b);
}

/* "before" text "after", or nothing when there is no text. */
static struct str line(struct req *rq, const char *before, struct str text, const char *after)
{
    struct buf b;
    buf_init(&b, rq->a, FILE_MAX);
    if (text.n > 0) {
        buf_str(&b, str_z(before));
        buf_str(&b, text);
        buf_str(&b, str_z(after));
    }
    return buf_get(&b);
}

static struct str both(struct req *rq, struct str a, struct str b_)
{
    struct buf b;
    buf_init(&b, rq->a, FILE_MAX);
    buf_str(&b, a);
    buf_str(&b, b_);
    return buf_get(&b);
}

static enum err files_write(struct req *rq, struct str folder, const struct value *v, size_t n)
{
    char path[OS_PATH_MAX];
    struct buf b;
    TRY(os_path(rq, folder, S(JANUS_CONF_FOLDER), path));
    TRY(os_mkdir(rq, path));
    for (size_t i = 0; i < LEN(files); i++) {
        buf_init(&b, rq->a, FILE_MAX);
        fill(&b, str_z(files[i].text), v, n);
        if (!buf_ok(&b)) {
            return FAIL(rq, E_TOO_LARGE, "a configuration file");
        }
        TRY(os_path(rq, folder, str_z(files[i].name), path));
        TRY(os_write_file(rq, path, buf_get(&b), 0600));
    }
    return OK;
}

enum err janus_conf_write(struct req *rq, const struct janus_conf *c, struct str *ret_turn_secret)
{
    struct str turn = secret(rq);
    struct str host = c->public_address.n > 0 ? c->public_address
                      : c->address.n > 0      ? c->address
                                              : S("127.0.0.1");
    const struct value values[] = {
        {S("folder"), c->folder},
        {S("api"), secret(rq)},
        {S("admin"), secret(rq)},
        {S("key"), secret(rq)},
        {S("turn"), turn},
        {S("port"), number(rq, c->janus_port)},
        {S("admin_port"), number(rq, c->janus_port + 1)},
        {S("first"), number(rq, c->media_port)},
        {S("last"), number(rq, c->media_port + MEDIA_PORTS - 1)},
        {S("nat"), both(rq, line(rq, "  ice_enforce_list = \"", c->address, "\"\n"),
                        line(rq, "  nat_1_1_mapping = \"", c->public_address, "\"\n"))},
        {S("turn_host"), host},
        {S("turn_port"), number(rq, c->turn_port)},
        {S("turn_address"), both(rq, line(rq, "listening-ip=", c->address, "\n"),
                                 both(rq, line(rq, "relay-ip=", c->address, "\n"),
                                      line(rq, "external-ip=", c->public_address, "\n")))},
        {S("turn_first"), number(rq, c->media_port + MEDIA_PORTS)},
        {S("turn_last"), number(rq, c->media_port + 2 * MEDIA_PORTS - 1)},
        {S("recordings"), line(rq, "recordings = ", c->recordings, "\n")},
        {S("turn_more"), c->loopback ? S("allow-loopback-peers\n") : S("")},
    };
    bool recordings = c->recordings.n == 0 || folder_fine(c->recordings);
    if (!folder_fine(c->folder) || !recordings || !address_fine(c->address)
        || !address_fine(c->public_address)) {
        return FAIL(rq, E_BAD_INPUT, "an address or a folder's name");
    }
    TRY(files_write(rq, c->folder, values, LEN(values)));
    *ret_turn_secret = turn;
    return OK;
}
