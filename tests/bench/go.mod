module github.com/memgate/memgate/tests/bench

go 1.26.0
