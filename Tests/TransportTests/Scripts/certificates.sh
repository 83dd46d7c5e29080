#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the certificates of the transport tests: certificates.sh DIRECTORY
set -euo pipefail
cd "$1"

# key NAME: an EC key, quick to make.
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"; }

# authority NAME: a self-signed authority.
authority() {
    key "$1"
    openssl req -x509 -new -key "$1.key" -subj "/O=Tests/CN=$1" -days 30 -out "$1.crt" \
        -addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign,cRLSign
}

cat >ca.cnf <<'CONF'
[ca]
default_ca = this
[this]
dir = .
database = $dir/$ENV::ISSUER.index
new_certs_dir = $dir
serial = $dir/$ENV::ISSUER.serial
certificate = $dir/$ENV::ISSUER.crt
private_key = $dir/$ENV::ISSUER.key
default_md = sha256
default_days = 30
default_crl_days = 30
policy = any
unique_subject = no
copy_extensions = copy
[any]
countryName = optional
stateOrProvinceName = optional
localityName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
CONF

# sign ISSUER NAME SUBJECT USAGE [ca option...]: a certificate for a new key.
sign() {
    local issuer=$1 name=$2 subject=$3 usage=$4
    shift 4
    [ -e "$issuer.index" ] || { : >"$issuer.index"; echo 1000 >"$issuer.serial"; }
    [ -e "$name.key" ] || key "$name"
    openssl req -new -key "$name.key" -subj "$subject" -out "$name.csr" -addext "$usage" \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1
    ISSUER=$issuer openssl ca -config ca.cnf -batch -notext -in "$name.csr" -out "$name.crt" "$@"
}

{
    authority root
    authority other
    sign root intermediate "/O=Tests/CN=intermediate" basicConstraints=critical,CA:true
    tls_server=extendedKeyUsage=serverAuth
    tls_client=extendedKeyUsage=clientAuth
    sign intermediate server "/O=Tests/CN=localhost" $tls_server
    sign intermediate server2 "/O=Tests/CN=second" $tls_server
    sign intermediate client "/C=GB/ST=Derby/L=Derby/O=Tests/OU=Section/CN=test client" $tls_client
    sign intermediate nameless "/O=Tests/OU=Nobody" $tls_client
    sign intermediate expired "/O=Tests/CN=expired" $tls_client \
        -startdate 20200101000000Z -enddate 20210101000000Z
    sign intermediate future "/O=Tests/CN=future" $tls_client \
        -startdate 20900101000000Z -enddate 20910101000000Z
    sign intermediate revoked "/O=Tests/CN=revoked" $tls_client
    sign intermediate wrong-usage "/O=Tests/CN=usage" $tls_server
    sign other stranger "/O=Tests/CN=stranger" $tls_client
    openssl genrsa -out rsa.key 2048
    sign intermediate rsa "/O=Tests/CN=rsa" $tls_server
    openssl genrsa -out long.key 3072
    sign intermediate long "/O=Tests/CN=long" $tls_server
    for name in server server2 rsa long client nameless expired future revoked wrong-usage; do
        cat intermediate.crt >>$name.crt
    done
    cat root.crt intermediate.crt >ca.crt
    cat ca.crt other.crt >all.crt
    export ISSUER=intermediate
    # ca finds a certificate by the first one in its file.
    openssl ca -config ca.cnf -revoke revoked.crt
    openssl ca -config ca.cnf -gencrl -out crl.pem
    openssl ca -config ca.cnf -revoke client.crt
    openssl ca -config ca.cnf -gencrl -out crl-more.pem
    # What the authority says of server.crt, and other answers: of another certificate, in another
    # authority's name, and one that was good yesterday.
    openssl x509 -in server.crt -out server.leaf
    openssl x509 -in server2.crt -out server2.leaf
    # answer FILE SIGNER [option...]
    answer() {
        local file=$1 signer=$2
        shift 2
        openssl ocsp -index intermediate.index -CA intermediate.crt -issuer intermediate.crt \
            -rsigner "$signer.crt" -rkey "$signer.key" -respout "$file" -noverify -no_nonce "$@"
    }
    answer good.ocsp intermediate -cert server.leaf -ndays 30
    answer elsewhere.ocsp intermediate -cert server2.leaf -ndays 30
    answer stranger.ocsp other -cert server.leaf -ndays 30
    awk -F'\t' -v OFS='\t' '/CN=localhost$/ { $1 = "R"; $3 = "260101000000Z" } { print }' \
        intermediate.index >gone.index
    answer gone.ocsp intermediate -index gone.index -cert server.leaf -ndays 30
    mkdir hashed
    cp root.crt hashed/root.pem
    cp intermediate.crt hashed/intermediate.pem
    openssl rehash hashed
} >openssl.log 2>&1 || { cat openssl.log >&2; exit 1; }
