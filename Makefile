# One-line aliases of course.py: make test, or make run ARGS="--steps 50"
.PHONY: run test check lab notebooks exercises unet
run test check lab notebooks exercises unet:
	@python3 course.py $@ $(ARGS)
