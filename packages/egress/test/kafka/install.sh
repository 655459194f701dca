#!/usr/bin/env bash
# Fetches Apache Kafka from Maven Central to .tmp/kafka/lib. Needs Maven and a JDK of 17 or newer; does nothing if it is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
lib=.tmp/kafka/lib
if [ -e "$lib/pom.xml" ] && cmp -s test/kafka/pom.xml "$lib/pom.xml"; then exit; fi
rm -rf "$lib"
mvn -q -B -f test/kafka/pom.xml dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/$lib"
cp test/kafka/pom.xml "$lib/pom.xml"
