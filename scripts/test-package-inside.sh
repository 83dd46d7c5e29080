# SPDX-License-Identifier: Apache-2.0
# One step of scripts/test-package.sh, inside the root and a network of its own: test-package-inside.sh STEP
set -euo pipefail

configuration=/etc/mosquitto/mosquitto.conf
log=/var/log/mosquitto/mosquitto.log
database=/var/lib/mosquitto/mosquitto.db
admin=(-u admin -P secret)
dropin=/etc/systemd/system/mosquitto.service.d/configuration.conf
broker=

fail() {
    echo "FAILED: $*" >&2
    if [ -e /root/output ]; then tail -n 20 /root/output >&2; fi
    if [ -e "$log" ]; then tail -n 20 "$log" >&2; fi
    exit 1
}

# start [WORDS before the broker's]: starts the broker and waits until it serves.
start() {
    install -d -o mosquitto -g mosquitto -m 755 /run/mosquitto
    rm -f "$log"
    "$@" /usr/sbin/mosquitto -c "$configuration" >/root/output 2>&1 &
    broker=$!
    local left
    for left in $(seq 200); do
        if grep -q " running$" "$log" 2>/dev/null; then return; fi
        kill -0 "$broker" 2>/dev/null || break
        sleep 0.1
    done
    fail "the broker does not serve"
}

stop() {
    kill "$broker"
    wait "$broker" || fail "the broker ended with $?"
}

# expect TOPIC TEXT: there is a retained message.
expect() {
    local text
    text=$(mosquitto_sub "${admin[@]}" -t "$1" -C 1 -W 5) || fail "no retained message at $1"
    [ "$text" = "$2" ] || fail "'$text' is retained at $1 in place of '$2'"
}

# queued TEXT...: the session `keeper` gets these messages and no other.
queued() {
    local text status=0
    # With -C the client would not acknowledge the last one.
    text=$(mosquitto_sub "${admin[@]}" -i keeper -c -q 1 -t 'news/#' -W 2 2>/root/output) || status=$?
    if [ "$status" -ne 27 ] || [ "$text" != "$(printf '%s\n' "$@")" ]; then
        fail "the session has got '$text' in place of '$*'"
    fi
}

publish() {
    mosquitto_pub "${admin[@]}" -q 1 "$@"
}

# far: starts the broker at the other end of the bridge, which remembers nothing but who wants what the bridge brings.
far=
far() {
    printf '%s\n' 'listener 1884 127.0.0.1' 'allow_anonymous true' 'log_dest none' >/root/far.conf
    /usr/sbin/mosquitto -c /root/far.conf >/root/output 2>&1 &
    far=$!
    local left
    for left in $(seq 100); do
        if mosquitto_sub -p 1884 -i far -c -q 1 -t 'news/#' -E 2>/dev/null; then return; fi
        sleep 0.1
    done
    fail "the broker at the other end of the bridge does not serve"
}

# carried TEXT...: the bridge has brought these messages and no other; then its other end goes.
carried() {
    local text status=0
    text=$(mosquitto_sub -p 1884 -i far -c -q 1 -t 'news/#' -W 3 2>/root/output) || status=$?
    if [ "$status" -ne 27 ] || [ "$text" != "$(printf '%s\n' "$@")" ]; then
        fail "the bridge has brought '$text' in place of '$*'"
    fi
    kill "$far"
    wait "$far" || true
}

# kept: what the administrator has written is as it was.
kept() {
    grep -q '^max_queued_messages 500$' "$configuration" || fail "the configuration was replaced"
    grep -q '^listener 1883$' /etc/mosquitto/conf.d/local.conf || fail "conf.d was touched"
}

prepare() {
    mkdir -p /root/debian
    cp /usr/bin/mosquitto_{pub,sub} /root/debian
    echo 'max_queued_messages 500' >>"$configuration"
    printf '%s\n' 'listener 0 /srv/mqtt/socket' 'listener 1883' 'allow_anonymous false' \
        "plugin $(echo /usr/lib/*/mosquitto_dynamic_security.so)" \
        'plugin_opt_config_file /var/lib/mosquitto/dynamic-security.json' \
        'connection away' 'address 127.0.0.1:1884' 'remote_clientid away' 'topic news/# out 1' >/etc/mosquitto/conf.d/local.conf
    mkdir -p /srv/mqtt
    chown mosquitto /srv/mqtt
    mosquitto_ctrl dynsec init /var/lib/mosquitto/dynamic-security.json admin secret >/dev/null
    chown mosquitto:mosquitto /var/lib/mosquitto/dynamic-security.json
    start
    for kind in publishClientSend subscribePattern; do
        mosquitto_ctrl "${admin[@]}" dynsec addRoleACL admin "$kind" '#' allow 2>/dev/null
    done
    publish -r -t state/lamp -m on
    mosquitto_sub "${admin[@]}" -i keeper -c -q 1 -t 'news/#' -E
    publish -t news/first -m one
    publish -t news/second -m two
    stop
    # Version 2.0 does not read the passwords that a newer one has written.
    cp -a /var/lib/mosquitto/dynamic-security.json /root
}

over() {
    kept
    [ ! -e /etc/init.d/mosquitto ] || fail "the start script is still there"
    grep -q RTMIN /etc/logrotate.d/mosquitto || fail "the old rules of logrotate are still there"
    grep -qx 'ReadWritePaths=-/srv/mqtt' "$dropin" || fail "the unit may not make the socket"
    case $(dpkg-query -W -f '${Version}' mosquitto) in *+swift*) ;; *) fail "that is not our package" ;; esac
    /usr/sbin/mosquitto -c "$configuration" --test-config 2>/root/output || fail "the configuration is not accepted"
    far
    start
    carried one two
    readlink "/proc/$(cat /run/mosquitto/mosquitto.pid)/exe" | grep -qx /usr/sbin/mosquitto || fail "no broker"
    grep -q '/lib/swift/' "/proc/$(cat /run/mosquitto/mosquitto.pid)/maps" && fail "a toolchain's runtime is in use"
    expect state/lamp on
    queued one two
    mosquitto_ctrl "${admin[@]}" dynsec createClient visitor -p secret 2>/dev/null
    publish -r -t state/lamp -m off
    publish -t news/third -m three
    logrotate -f /etc/logrotate.d/mosquitto
    [ -e "$log.1" ] || fail "the log was not rotated"
    publish -t news/fourth -m four
    grep -q 'New client connected' "$log" || fail "the broker goes on in the old log"
    stop
}

confined() {
    start setpriv --reuid mosquitto --regid mosquitto --init-groups --no-new-privs --bounding-set -all
    expect state/lamp off
    mosquitto_ctrl "${admin[@]}" dynsec listClients 2>/dev/null | grep -q visitor || fail "a client is gone"
    stop
}

back() {
    kept
    case $(dpkg-query -W -f '${Version}' mosquitto) in *+swift*) fail "ours is still there" ;; esac
    [ -e /etc/init.d/mosquitto ] || fail "the start script is not back"
    [ ! -e "$dropin" ] || fail "the drop-in for our unit is still there"
    cp -a /root/dynamic-security.json /var/lib/mosquitto
    far
    start
    carried three four
    expect state/lamp off
    queued three four
    stop
}

purged() {
    local file
    for file in /usr/sbin/mosquitto /usr/lib/mosquitto "$configuration" "$database" "$database.log" "$log" "$dropin" \
        /etc/logrotate.d/mosquitto /usr/include/mosquitto-plugin; do
        [ ! -e "$file" ] || fail "$file is still there"
    done
    [ -e /etc/mosquitto/conf.d/local.conf ] || fail "a file of the administrator's was removed"
    [ -e /var/lib/mosquitto/dynamic-security.json ] || fail "a file of the administrator's was removed"
    rm -r /etc/mosquitto /var/lib/mosquitto
}

fresh() {
    admin=()
    [ ! -e "$dropin" ] || fail "there is a drop-in for a configuration that needs none"
    [ -e "$configuration" ] || fail "there is no configuration"
    start
    publish -r -t state/lamp -m on
    stop
    start
    expect state/lamp on
    stop
}

gone() {
    admin=()
    grep -q 'mosquitto.conf.example' "$configuration" || fail "the configuration is not that of Debian's package"
    start
    expect state/lamp on
    stop
}

library() {
    local text file
    file=$(ldd /root/debian/mosquitto_sub | awk '$1 == "libmosquitto.so.1" { print $3 }')
    case $(dpkg-query -W -f '${Version}' libmosquitto1) in *+swift*) ;; *) fail "that is not our library" ;; esac
    [ -s "$file" ] || fail "there is no library"
    if ldd /root/debian/mosquitto_sub | grep -q 'not found'; then fail "something is missing"; fi
    start
    /root/debian/mosquitto_sub -i debian -c -q 1 -t news -E
    seq 3 | /root/debian/mosquitto_pub -q 1 -t news -l
    text=$(/root/debian/mosquitto_sub -i debian -c -q 1 -t news -C 3 -W 10) || fail "nothing has come"
    [ "$text" = "$(seq 3)" ] || fail "'$text' has come"
    stop
}

"$1"
