import sys, traceback
sys.path.insert(0,'.')
from shapes import SHAPES
for n, s in SHAPES.items():
    if len(sys.argv)>1 and n not in sys.argv[1:]: continue
    try:
        f=s.findings
        p=s.planned
        print('==',n,'|',p.method,'|',p.result.method[-70:] if hasattr(p.result,'method') else '', '| n', p.result.n)
        for x in f:
            if x.term in('sensitivity_effect',): print('   S', str(x.group), x.group.of, 'n',x.n, x.n_unit, None if x.estimate is None else round(x.estimate,2), x.conf_low and round(x.conf_low,2), x.conf_high and round(x.conf_high,2), x.reason[:80])
        print('   V',[str(x.group.value) for x in f if x.term=='verdict'], [ (x.estimate,x.n) for x in f if x.term=='analyses_agreeing'])
        print('   R',[x.estimate for x in f if x.term=='evidence_strength'], {x.group.value:x.estimate for x in f if x.term=='strength_column'}, {x.group.value:x.estimate for x in f if x.term=='strength_threat'})
        print('   A',[(x.arm,x.term[9:],x.estimate,x.n) for x in f if x.term.startswith('arm_mean') or x.term=='units_compared'])
    except Exception as err:
        print(n, 'ERR', type(err).__name__, str(err)[:300]); traceback.print_exc()
